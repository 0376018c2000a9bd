"""A checkpoint in a file that survives a crash at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from fabric_gateway.checkpoint import Checkpoint
from fabric_gateway.checkpointer import CheckpointerBase
from fabric_gateway.errors import CheckpointError

_LARGEST_BLOCK_NUMBER: Final = 2**64 - 1
_DECIMAL: Final = re.compile(r"[0-9]{1,20}", re.ASCII)


class FileCheckpointer(CheckpointerBase):
    """Holds the old checkpoint or the new one whenever the process or the machine stops, never half of one.

    Each save waits for the disk. The file is JSON, readable by the owner alone, and the same as that of
    Fabric's Go, Node and Java clients: a program may take over the checkpoint of one written with them.

    Args:
        path: of the file; its folder must exist. One file serves one reader: two would overwrite each other.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self._lock = threading.Lock()
        self._asked = 0
        self._written = 0

    async def load(self) -> Checkpoint | None:
        return await asyncio.to_thread(self._read)

    async def save(self, checkpoint: Checkpoint) -> None:
        self._asked += 1
        await asyncio.to_thread(self._write, checkpoint, self._asked)

    def _read(self) -> Checkpoint | None:
        try:
            saved = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(
                f"the checkpoint {self._path} cannot be read; repair it, or remove it to begin anew"
            ) from error
        if not isinstance(saved, dict):
            raise self._damaged()
        return self._checkpoint(saved)

    def _checkpoint(self, saved: dict[str, object]) -> Checkpoint | None:
        number, transaction_id = self._parts(saved)
        if not saved or (number == 0 and transaction_id == ""):
            return None  # so the Node and the Go client write that nothing is processed yet
        if type(number) is not int or not 0 <= number <= _LARGEST_BLOCK_NUMBER:
            raise self._damaged()
        if not isinstance(transaction_id, str | None):
            raise self._damaged()
        return Checkpoint(number, transaction_id or None)

    def _parts(self, saved: dict[str, object]) -> tuple[object, object]:
        if "block_number" in saved:  # as this package wrote them at first
            return saved["block_number"], saved.get("transaction_id", saved)
        number = saved.get("blockNumber")
        if isinstance(number, str) and _DECIMAL.fullmatch(number):  # the Node client's
            number = int(number)
        return number, saved.get("transactionId")

    def _damaged(self) -> CheckpointError:
        return CheckpointError(
            f"the checkpoint {self._path} holds no block number; repair it, or remove it to begin anew"
        )

    def _write(self, checkpoint: Checkpoint, turn: int) -> None:
        # A caller that was cancelled leaves its thread writing; it must neither mix with a later save nor
        # undo it.
        with self._lock:
            if turn < self._written:
                return
            try:
                self._replace(checkpoint)
            except OSError as error:
                raise CheckpointError(
                    f"the checkpoint {self._path} cannot be written: {error.strerror}; "
                    "free the disk or mend the permissions of its folder"
                ) from error
            self._written = turn

    def _replace(self, checkpoint: Checkpoint) -> None:
        content: dict[str, int | str] = {"blockNumber": checkpoint.block_number}
        if checkpoint.transaction_id is not None:  # null is more than the Java client reads
            content["transactionId"] = checkpoint.transaction_id
        temporary = self._path.with_name(f".{self._path.name}.new")
        try:
            with open(temporary, "w", encoding="utf-8", opener=_private) as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
