"""The simulator's committed state: what earlier transactions wrote, and how it came about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fabric_shim.ledger import KV, KeyModification

Writes = dict[str, bytes | None]


@dataclass(slots=True)
class WriteSet:
    """What one transaction writes: per key the last value, None for a deletion."""

    public: Writes = field(default_factory=dict)
    private: dict[str, Writes] = field(default_factory=lambda: defaultdict(dict))

    def put(self, collection: str, key: str, value: bytes | None) -> None:
        """Note a write; as in Fabric, an empty value is a deletion (rwsetutil.IsKVWriteDelete)."""
        target = self.private[collection] if collection else self.public
        target[key] = value or None


@dataclass(slots=True)
class CommittedState:
    """Public state, history and private data. The public state is the collection with the empty name."""

    collections: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    history: dict[str, list[KeyModification]] = field(default_factory=lambda: defaultdict(list))

    def get(self, collection: str, key: str) -> bytes:
        """Give a value, empty if there is none."""
        return self.collections[collection].get(key, b"")

    def range(self, collection: str, start_key: str, end_key: str) -> Iterator[KV]:
        """Give the keys from start to before end (empty: open) in the order of their UTF-8 bytes."""
        start, end = start_key.encode(), end_key.encode()
        entries = self.collections[collection]
        for key in sorted(entries, key=str.encode):
            if start <= key.encode() and (not end or key.encode() < end):
                yield KV(key, entries[key])

    def commit(self, tx_id: str, timestamp: datetime, writes: WriteSet) -> None:
        """Apply a transaction's writes."""
        for key, value in writes.public.items():
            self.history[key].append(KeyModification(tx_id, value or b"", timestamp, is_delete=value is None))
        for collection, entries in (("", writes.public), *writes.private.items()):
            self._apply(collection, entries)

    def _apply(self, collection: str, entries: Mapping[str, bytes | None]) -> None:
        for key, value in entries.items():
            if value is None:
                self.collections[collection].pop(key, None)
            else:
                self.collections[collection][key] = value
