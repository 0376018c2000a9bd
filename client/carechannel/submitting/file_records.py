"""Records as files of one machine, each 0600 in a folder of its owner's."""

from __future__ import annotations

import asyncio
import base64
import binascii
import fcntl
import hashlib
import json
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from carechannel.errors import CareChannelError
from carechannel.files import flush_folder, write_atomically
from carechannel.submitting.deadline import Deadline
from carechannel.submitting.errors import KeyBusyError, RecordsError
from carechannel.submitting.records import Claim, Envelope, Record, Slot, State

_log = logging.getLogger(__name__)
_VERSION: Final = 1
_FIRST_LOOK: Final = 0.01
_LATER_LOOKS: Final = 0.05
_KEY_FILE: Final = "fingerprint.key"
_KEY_BYTES: Final = 32
_Given = TypeVar("_Given")


class FileRecords:
    """One file per key, under a hash of the key, and beside it, while somebody works on it, a lock.

    The lock is the kernel's (``flock``): a process that is killed frees it at once. So the folder belongs on
    a local disk; several machines share records by a database instead.

    Args:
        folder: made with mode 0700 if it is not there.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def fingerprint_key(self) -> bytes:
        """The secret key of fingerprints in this folder, made at its first use.

        Raises:
            RecordsError: it cannot be read or made, or is damaged.
        """
        return _told(self._folder, self._fingerprint_key)

    @asynccontextmanager
    async def claim(self, slot: Slot, deadline: Deadline) -> AsyncIterator[Claim]:
        """As `Records.claim`."""
        path = self._folder / f"{_name(slot)}.json"
        lock = path.with_suffix(".lock")
        descriptor = await self._locked(lock, deadline)
        try:
            record = await asyncio.to_thread(_told, self._folder, lambda: _read(path, slot))
            yield _FileClaim(self._folder, path, slot, record)
        finally:
            _free(lock, descriptor)

    async def forget(self, before: datetime) -> int:
        """As `Records.forget`; a damaged record is told once the others are done."""
        return await asyncio.to_thread(_told, self._folder, lambda: self._forget(before.timestamp()))

    async def _locked(self, lock: Path, deadline: Deadline) -> int:
        pause = _FIRST_LOOK
        while True:
            descriptor = _told(self._folder, lambda: self._try_lock(lock))
            if descriptor is not None:
                return descriptor
            if deadline.passed:
                raise KeyBusyError(
                    "Another caller works on this idempotency key; call again with the same key later."
                )
            await asyncio.sleep(deadline.limit(pause))
            pause = min(2 * pause, _LATER_LOOKS)

    def _try_lock(self, lock: Path) -> int | None:
        self._make_folder()
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held, named = os.fstat(descriptor), lock.stat()
            if (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino):
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            flush_folder(self._folder.parent)

    def _fingerprint_key(self) -> bytes:
        self._make_folder()
        path = self._folder / _KEY_FILE
        if not path.exists():
            # Another process may make it at the same time; there is one key.
            with suppress(FileExistsError):
                write_atomically(path, secrets.token_bytes(_KEY_BYTES), replace=False)
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise RecordsError(f"{path} is damaged; restore it from a backup.")
        return key

    def _forget(self, before: float) -> int:
        forgotten = 0
        damaged: RecordsError | None = None
        for path in self._folder.glob("[!.]*.json"):
            descriptor = self._try_lock(path.with_suffix(".lock"))
            if descriptor is None:
                continue  # Somebody works on it: it is not old.
            try:
                record = _read(path, None)
                old = record is not None and path.stat().st_mtime < before
                if record is not None and old and record.state is not State.SENT:
                    path.unlink()
                    forgotten += 1
            except RecordsError as error:
                damaged = error
            finally:
                _free(path.with_suffix(".lock"), descriptor)
        if damaged is not None:
            raise damaged
        return forgotten


class _FileClaim:
    def __init__(self, folder: Path, path: Path, slot: Slot, record: Record | None):
        self._folder = folder
        self._path = path
        self._slot = slot
        self.record = record

    async def save(self, record: Record) -> None:
        content = _to_bytes(self._slot, record)
        await _to_its_end(
            asyncio.to_thread(_told, self._folder, lambda: write_atomically(self._path, content))
        )


async def _to_its_end(work: Coroutine[None, None, None]) -> None:
    """A write that was begun is over before the claim is given up, even if the caller is cancelled.

    Otherwise it could land on top of what the next claimant has written.
    """
    writing = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not writing.done():
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    writing.result()


def _free(lock: Path, descriptor: int) -> None:
    try:
        # Under the lock, so that whoever waits on this very file sees that it lost its name.
        lock.unlink(missing_ok=True)
    except OSError as error:
        # What locks is the descriptor: the next claimant takes the file that is left over.
        _log.warning("A lock file of the submission records was left: %s", error.strerror)
    finally:
        os.close(descriptor)


def _name(slot: Slot) -> str:
    """A file name for any key."""
    parts = json.dumps([slot.channel, slot.chaincode, slot.key]).encode()
    return hashlib.sha256(parts).hexdigest()


def _to_bytes(slot: Slot, record: Record) -> bytes:
    content: dict[str, object] = {
        "version": _VERSION,
        "channel": slot.channel,
        "chaincode": slot.chaincode,
        "key": slot.key,
        "fingerprint": record.fingerprint.hex(),
        "transaction_id": record.envelope.transaction_id,
        "transaction": base64.b64encode(record.envelope.transaction).decode(),
        "signature": base64.b64encode(record.envelope.signature).decode(),
        "state": record.state.value,
        "block_number": record.block_number,
    }
    return json.dumps({**content, "sha256": _digest(content)}, indent=1).encode()


def _digest(content: Mapping[str, object] | Mapping[object, object]) -> str:
    """Of all that a record says: a damaged result would be given to a caller as the chaincode's."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read(path: Path, slot: Slot | None) -> Record | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _parsed(content, slot)
    except (ValueError, binascii.Error) as error:
        raise RecordsError(
            f"The submission record {path} is damaged; restore it from a backup, or find out on the ledger "
            "what became of it before it is deleted."
        ) from error


def _parsed(content: bytes, slot: Slot | None) -> Record:
    match json.loads(content):
        case {"sha256": str(digest), **said} if digest != _digest(said):
            raise ValueError("the record was changed")
        case {
            "sha256": str(),
            "version": 1,
            "channel": str(channel),
            "chaincode": str(chaincode),
            "key": str(key),
            "fingerprint": str(fingerprint),
            "transaction_id": str(transaction_id),
            "transaction": str(transaction),
            "signature": str(signature),
            "state": str(state),
            "block_number": int() | None as block_number,
        } if slot is None or slot == Slot(channel, chaincode, key):
            envelope = Envelope(
                transaction_id,
                base64.b64decode(transaction, validate=True),
                base64.b64decode(signature, validate=True),
            )
            return Record(bytes.fromhex(fingerprint), envelope, State(state), block_number)
    raise ValueError("not a record of this key")


def _told(folder: Path, work: Callable[[], _Given]) -> _Given:
    """What `work` gives; what the disk refuses is told as this package's error."""
    try:
        return work()
    except CareChannelError:
        raise
    except OSError as error:
        raise RecordsError(f"The submission records in {folder} cannot be used: {error.strerror}.") from error
