"""What a peer's state database and transaction index hold, as far as verification needs it, on disk.

Key versions, metadata and values (for commit hashes) grow with the ledger by nature, and so do transaction
ids. They lie in an SQLite database in a temporary file, which is removed at the end; in memory there is only
a bounded cache and what is not written yet.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from fabric_ledger._rwset_messages import Height

Space = tuple[str, str]
"""Namespace and collection; the collection is empty for public keys."""

_CACHE = 50_000
_CACHED_VALUE = 512
_FLUSH_AT = 5_000
_FLUSH_BYTES = 32 * 1024 * 1024
_FILTER_BYTES = (1 << 24) - 1
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -32768;
CREATE TABLE state (
    space INTEGER, key BLOB, block INTEGER, place INTEGER, value BLOB, metadata BLOB, PRIMARY KEY (space, key)
) WITHOUT ROWID;
CREATE TABLE transactions (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE expiry (block INTEGER, space INTEGER, key BLOB, written INTEGER);
CREATE INDEX expiring ON expiry (block);
"""


_OPEN_RANGE = "SELECT key, block, place FROM state WHERE space = ? AND key >= ? ORDER BY key"
_RANGE = "SELECT key, block, place FROM state WHERE space = ? AND key >= ? AND key < ? ORDER BY key"


class Entry(NamedTuple):
    """A key's value and who wrote it last; of a private key, the value's hash."""

    height: Height
    value: bytes
    metadata: bytes | None


class Update(NamedTuple):
    """A key's change in a block; ``value`` is None for a delete."""

    height: Height
    value: bytes | None
    metadata: bytes | None


Updates = dict[Space, dict[bytes, Update]]


class _Filter:
    """Tells without the disk that something was never added: 16 MiB of bits by hash."""

    def __init__(self) -> None:
        self._bits = bytearray(_FILTER_BYTES + 1)

    def add(self, code: int) -> None:
        self._bits[code >> 3 & _FILTER_BYTES] |= 1 << (code & 7)

    def may_hold(self, code: int) -> int:
        return self._bits[code >> 3 & _FILTER_BYTES] >> (code & 7) & 1


class State:
    """Use it in a ``with`` statement: the file is removed at the end.

    Args:
        folder: where the temporary file lies; the system's folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="carechannel-ledger-", dir=folder)
        self._database = sqlite3.connect(Path(self._folder.name) / "state.sqlite", isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._spaces: dict[Space, int] = {}
        self._cache: dict[tuple[int, bytes], Entry | None] = {}
        self._unwritten: dict[tuple[int, bytes], Entry | None] = {}
        self._new_ids: set[bytes] = set()
        self._unwritten_bytes = 0
        self._expires = False
        self._keys = _Filter()
        self._ids = _Filter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        self._folder.cleanup()

    def get(self, space: Space, key: bytes) -> Entry | None:
        """The key as the blocks applied so far left it, or None."""
        number = self._spaces.get(space)
        if number is None:
            return None
        place = (number, key)
        try:
            return self._cache[place]
        except KeyError:
            pass
        if not self._keys.may_hold(hash(place)):
            return None
        if place in self._unwritten:
            return self._unwritten[place]
        row = self._database.execute(
            "SELECT block, place, value, metadata FROM state WHERE space = ? AND key = ?", place
        ).fetchone()
        entry = None if row is None else Entry((row[0], row[1]), row[2], row[3])
        self._keep(place, entry)
        return entry

    def scan(self, space: Space, start: bytes, end: bytes) -> Iterator[tuple[bytes, Height]]:
        """The keys from ``start`` to before ``end`` (empty: to the last) in order, with their heights."""
        number = self._spaces.get(space)
        if number is None:
            return
        self._flush()
        rows = self._database.execute(
            _RANGE if end else _OPEN_RANGE,
            (number, start, end) if end else (number, start),
        )
        for key, block, place in rows:
            yield key, (block, place)

    def apply(self, updates: Updates) -> None:
        """Take over a block's changes."""
        for space, changes in updates.items():
            number = self._spaces.setdefault(space, len(self._spaces))
            for key, (height, value, metadata) in changes.items():
                entry = None if value is None else Entry(height, value, metadata)
                place = (number, key)
                self._unwritten[place] = entry
                self._keep(place, entry)
                self._keys.add(hash(place))
                self._unwritten_bytes += len(value or b"")
        if len(self._unwritten) + len(self._new_ids) >= _FLUSH_AT or self._unwritten_bytes >= _FLUSH_BYTES:
            self._flush()

    def forget(self, space: Space, key: bytes) -> None:
        """Remove a key whose time is over."""
        place = (self._spaces[space], key)
        self._unwritten[place] = None
        self._keep(place, None)

    def expire_at(self, block: int, space: Space, key: bytes, written: int) -> None:
        """Note that a private key goes with a block, unless it is written again until then."""
        self._expires = True
        number = self._spaces.setdefault(space, len(self._spaces))
        self._database.execute("INSERT INTO expiry VALUES (?, ?, ?, ?)", (block, number, key, written))

    def expiring(self, block: int) -> list[tuple[Space, bytes]]:
        """The private keys that go with this block."""
        if not self._expires:
            return []
        rows = self._database.execute(
            "SELECT space, key, written FROM expiry WHERE block = ?", (block,)
        ).fetchall()
        self._database.execute("DELETE FROM expiry WHERE block = ?", (block,))
        spaces = {number: space for space, number in self._spaces.items()}
        found = []
        for number, key, written in rows:
            entry = self.get(spaces[number], key)
            if entry is not None and entry.height[0] == written:
                found.append((spaces[number], key))
        return found

    def has_transaction(self, identifier: bytes) -> bool:
        """Whether an earlier block holds a transaction of that id (UTF-8 or raw SHA-256)."""
        if not self._ids.may_hold(hash(identifier)):
            return False
        if identifier in self._new_ids:
            return True
        row = self._database.execute("SELECT 1 FROM transactions WHERE id = ?", (identifier,)).fetchone()
        return row is not None

    def add_transactions(self, identifiers: set[bytes]) -> None:
        """Take over the ids of a block's transactions, valid or not."""
        self._new_ids |= identifiers
        for each in identifiers:
            self._ids.add(hash(each))

    def _keep(self, place: tuple[int, bytes], entry: Entry | None) -> None:
        if entry is not None and len(entry.value) + len(entry.metadata or b"") > _CACHED_VALUE:
            self._cache.pop(place, None)
            return
        if len(self._cache) >= _CACHE:
            self._cache.clear()
        self._cache[place] = entry

    def _flush(self) -> None:
        gone = [place for place, entry in self._unwritten.items() if entry is None]
        self._database.executemany("DELETE FROM state WHERE space = ? AND key = ?", gone)
        self._database.executemany(
            "INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?)",
            (
                (*place, *entry.height, entry.value, entry.metadata)
                for place, entry in self._unwritten.items()
                if entry is not None
            ),
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO transactions VALUES (?)", ((each,) for each in self._new_ids)
        )
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")
        self._unwritten.clear()
        self._unwritten_bytes = 0
        self._new_ids.clear()
