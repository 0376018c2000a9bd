"""A channel's committed state: values with versions, histories, and what peers keep of private data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from fabric_shim.ledger import KeyModification


class Version(NamedTuple):
    """Where a key was written last: the block, and the transaction's place in it."""

    block: int
    transaction: int

    def __str__(self) -> str:
        return f"{{BlockNum: {self.block}, TxNum: {self.transaction}}}"


class Entry(NamedTuple):
    """A key's value, version and validation parameter (its key-level endorsement policy)."""

    value: bytes
    version: Version
    validation_parameter: bytes = b""


class Store:
    """The keys of one namespace or collection, in the order of their bytes."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        # Code point order is the order of the UTF-8 bytes, by which a peer sorts.
        self._keys: list[str] = []

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All of it."""
        return MappingProxyType(self._entries)

    @property
    def values(self) -> Mapping[str, bytes]:
        """Keys and values."""
        return MappingProxyType({key: self._entries[key].value for key in self._keys})

    def get(self, key: str) -> Entry | None:
        """Give a key's entry."""
        return self._entries.get(key)

    def version(self, key: str) -> Version | None:
        """Give a key's version, None when there is no such key."""
        entry = self._entries.get(key)
        return entry and entry.version

    def put(self, key: str, entry: Entry) -> None:
        """Store an entry."""
        if key not in self._entries:
            insort(self._keys, key)
        self._entries[key] = entry

    def delete(self, key: str) -> None:
        """Forget a key."""
        if self._entries.pop(key, None) is not None:
            del self._keys[bisect_left(self._keys, key)]

    def range(
        self, start_key: str, end_key: str, *, include_end: bool = False
    ) -> Iterator[tuple[str, Entry]]:
        """Give the keys from start to before end (empty: open), or to the end itself."""
        start = bisect_left(self._keys, start_key)
        end = len(self._keys)
        if end_key:
            end = (bisect_right if include_end else bisect_left)(self._keys, end_key)
        for key in self._keys[start:end]:
            yield key, self._entries[key]


@dataclass(slots=True)
class World:
    """Everything that a channel's peers have stored.

    Every peer has hashes and versions of private data; which of them have the data itself, the collections'
    policies decide (:mod:`fabric_shim.testing.collections`).

    :ivar public: the public state of each chaincode.
    :ivar private: private data of each chaincode and collection.
    :ivar history: what valid transactions did to a chaincode's public key, oldest first.
    :ivar private_store: the private values of each chaincode, collection and key that the members' peers
        keep, oldest first: a deletion leaves them, purge and block-to-live do not.
    """

    public: dict[str, Store] = field(default_factory=lambda: defaultdict(Store))
    private: dict[tuple[str, str], Store] = field(default_factory=lambda: defaultdict(Store))
    history: dict[tuple[str, str], list[KeyModification]] = field(default_factory=lambda: defaultdict(list))
    private_store: dict[tuple[str, str], dict[str, list[tuple[Version, bytes]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def store(self, namespace: str, collection: str) -> Store:
        """Give a collection's store; the public one for the empty name."""
        return self.private[namespace, collection] if collection else self.public[namespace]
