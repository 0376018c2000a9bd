"""What a transaction reads and writes, as it goes into a block (core/ledger/kvledger/txmgmt/rwsetutil)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from fabric_shim.testing.world import Version

Writes = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A range query on public state.

    :ivar end_key: the end that was asked for; the last key read when the query was left before its end.
    :ivar exhausted: whether it was read to its end.
    :ivar results: the keys that were read, and their versions.
    """

    start_key: str
    end_key: str
    exhausted: bool
    results: tuple[tuple[str, Version], ...]


@dataclass(slots=True)
class KeySet:
    """Reads and writes of one by one keys, public or of one collection.

    The block shows the SHA-256 of private keys and values.

    :ivar reads: the version that was read; None for a key that did not exist.
    :ivar writes: the last value written, None for a deletion.
    :ivar purges: the deletions that also clear earlier values.
    :ivar validation_parameters: key-level endorsement policies that were set.
    """

    reads: dict[str, Version | None] = field(default_factory=dict)
    writes: Writes = field(default_factory=dict)
    purges: set[str] = field(default_factory=set)
    validation_parameters: dict[str, bytes] = field(default_factory=dict)

    @property
    def written_keys(self) -> set[str]:
        """The keys that a valid transaction changes."""
        return self.writes.keys() | self.validation_parameters.keys()

    def write(self, key: str, value: bytes | None, *, purge: bool = False) -> None:
        """Note a write; an empty value is a deletion (rwsetutil.IsKVWriteDelete)."""
        self.writes[key] = value or None
        if purge:
            self.purges.add(key)
        else:
            self.purges.discard(key)


@dataclass(slots=True)
class NamespaceSet:
    """What a transaction reads and writes of one chaincode.

    :ivar ranges: range queries on public state. Private ones leave no trace.
    """

    public: KeySet = field(default_factory=KeySet)
    ranges: list[RangeRead] = field(default_factory=list)
    collections: dict[str, KeySet] = field(default_factory=lambda: defaultdict(KeySet))

    def keys(self, collection: str) -> KeySet:
        """Give the set of a collection; the public one for the empty name."""
        return self.collections[collection] if collection else self.public

    @property
    def writes_something(self) -> bool:
        """Whether the chaincode's endorsement policies have a say."""
        return any(keys.written_keys for keys in (self.public, *self.collections.values()))


@dataclass(slots=True)
class ReadWriteSet:
    """What a transaction reads and writes, per chaincode."""

    namespaces: dict[str, NamespaceSet] = field(default_factory=lambda: defaultdict(NamespaceSet))


@dataclass(slots=True)
class ReadSet:
    """What a transaction reads so that members can see it in the block.

    :ivar public: keys of the public state that were read one by one, in clear.
    :ivar private: per collection the keys that were read one by one; the block shows the SHA-256 of each.
    :ivar ranges: bounds of public ranges; the block shows them and the keys in them. A range that was left
        before its end is bounded by the last key that the peer read. Private ranges leave no trace.
    """

    public: set[str]
    private: dict[str, set[str]]
    ranges: list[tuple[str, str]]


def read_set(namespace: NamespaceSet) -> ReadSet:
    """Sum up what of a chaincode was read."""
    return ReadSet(
        set(namespace.public.reads),
        {name: set(keys.reads) for name, keys in namespace.collections.items() if keys.reads},
        [(each.start_key, each.end_key) for each in namespace.ranges],
    )


def hashed(writes: Mapping[str, bytes | None]) -> dict[bytes, bytes | None]:
    """Give what every member sees of private writes: SHA-256 of the key → SHA-256 of the value."""
    return {sha256(key.encode()): None if value is None else sha256(value) for key, value in writes.items()}


def sha256(data: bytes) -> bytes:
    """Hash as Fabric hashes private keys and values."""
    return hashlib.sha256(data).digest()
