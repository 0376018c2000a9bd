"""One simulated transaction: reads the committed state, notes what it reads and writes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from fabric_shim.errors import LedgerError
from fabric_shim.ledger import KV, Batch, KeyModification, PageRequest
from fabric_shim.testing.queries import OpenQueries
from fabric_shim.testing.state import CommittedState, WriteSet

IMPLICIT_COLLECTION_PREFIX = "_implicit_org_"

Item = TypeVar("Item")


@dataclass(slots=True)
class ReadSet:
    """What a transaction reads so that members can see it in the block.

    :ivar public: keys of the public state that were read one by one, in clear.
    :ivar private: per collection the keys that were read one by one; the block shows the SHA-256 of each.
    :ivar ranges: bounds of public ranges; the block shows them and the keys in them. A range that was left
        before its end is bounded by the last key that the peer read. Private ranges leave no trace.
    """

    public: set[str] = field(default_factory=set)
    private: dict[str, set[str]] = field(default_factory=dict)
    ranges: list[tuple[str, str]] = field(default_factory=list)


class SimulatedLedger:
    """The :class:`~fabric_shim.ledger.Ledger` of one simulated transaction.

    :param collections: the collections of the chaincode's definition; implicit ones always exist.
    :param peer: MSP ID of the simulating peer's organisation; it lacks the implicit collections of others.
        None: a peer that has everything.
    """

    def __init__(
        self, tx_id: str, state: CommittedState, collections: frozenset[str], peer: str | None = None
    ) -> None:
        self.reads = ReadSet()
        self.writes = WriteSet()
        self._tx_id = tx_id
        self._state = state
        self._collections = collections
        self._peer = peer
        self._states: OpenQueries[KV] = OpenQueries("states")
        self._modifications: OpenQueries[KeyModification] = OpenQueries("history")
        self._wrote = False
        self._read_only_because = ""

    async def get_state(self, collection: str, key: str) -> bytes:
        self._note_read(collection, key)
        value = self._state.get(collection, key)
        if value and self._lacks(collection):
            raise self._error("private data matching public hash version is not available")
        return value

    async def get_private_data_hash(self, collection: str, key: str) -> bytes:
        self._note_read(collection, key)
        value = self._state.get(collection, key)
        return hashlib.sha256(value).digest() if value else b""

    async def put_state(self, collection: str, key: str, value: bytes) -> None:
        self._write(collection, key, value)

    async def del_state(self, collection: str, key: str) -> None:
        self._write(collection, key, None)

    async def purge_private_data(self, collection: str, key: str) -> None:
        self._write(collection, key, None)

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]:
        self._check_collection(collection)
        if collection:
            self._become_read_only("Queries on private data")
        if self._lacks(collection):
            return Batch(())
        if page is None:
            note = _unnoted if collection else self._note_range(start_key, end_key)
            return self._states.open(self._state.range(collection, start_key, end_key), note)
        self._become_read_only("Paginated queries")
        start = page.bookmark or start_key
        return _page(self._state.range("", start, end_key), page.size, self._note_range(start, end_key))

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]:
        return self._modifications.open(reversed(self._state.history.get(key, [])), _unnoted)

    async def next_states(self, query_id: str) -> Batch[KV]:
        return self._next(self._states, query_id)

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]:
        return self._next(self._modifications, query_id)

    async def close_query(self, query_id: str) -> None:
        self._states.close(query_id)
        self._modifications.close(query_id)

    def _next(self, queries: OpenQueries[Item], query_id: str) -> Batch[Item]:
        try:
            return queries.advance(query_id)
        except KeyError:
            raise self._error(f"query iterator not found: {query_id}") from None

    def _note_range(self, start_key: str, end_key: str) -> Callable[[KV | None], None]:
        # core/ledger/kvledger/txmgmt/txmgr/query_executor.go, updateRangeQueryInfo
        position = len(self.reads.ranges)
        self.reads.ranges.append((start_key, end_key))

        def note(read: KV | None) -> None:
            self.reads.ranges[position] = (start_key, end_key if read is None else read.key)

        return note

    def _lacks(self, collection: str) -> bool:
        implicit = collection.startswith(IMPLICIT_COLLECTION_PREFIX)
        return implicit and self._peer not in (None, collection.removeprefix(IMPLICIT_COLLECTION_PREFIX))

    def _note_read(self, collection: str, key: str) -> None:
        self._check_collection(collection)
        if collection:
            self.reads.private.setdefault(collection, set()).add(key)
        else:
            self.reads.public.add(key)

    def _write(self, collection: str, key: str, value: bytes | None) -> None:
        self._check_collection(collection)
        if self._read_only_because:
            raise self._error(f"{self._read_only_because} were made before. Writes are not allowed")
        self._wrote = True
        self.writes.put(collection, key, value)

    def _become_read_only(self, what: str) -> None:
        # core/ledger/kvledger/txmgmt/txmgr/tx_simulator.go: such results cannot be validated at commit.
        if self._wrote:
            raise self._error(f"{what} are supported only in a read-only transaction")
        self._read_only_because = what

    def _check_collection(self, collection: str) -> None:
        known = not collection or collection in self._collections
        if not known and not collection.startswith(IMPLICIT_COLLECTION_PREFIX):
            raise self._error(f"collection {collection} could not be found")

    def _error(self, text: str) -> LedgerError:
        return LedgerError(text, tx_id=self._tx_id)


def _unnoted(_read: object) -> None:
    """Private ranges and histories are in no read set."""


def _page(entries: Iterator[KV], size: int, note: Callable[[KV | None], None]) -> Batch[KV]:
    taken = tuple(itertools.islice(entries, size))
    # A peer that has read as many as it was asked for does not look whether there are more.
    note(taken[-1] if len(taken) == size else None)
    following = next(entries, None)
    return Batch(taken, bookmark=following.key if following else "")
