"""The iterators that a transaction has open at its peer, which sends their results in batches."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fabric_shim.ledger import KV, Batch
from fabric_shim.testing.rwset import RangeRead
from fabric_shim.testing.world import Store, Version

BATCH_SIZE = 100
"""Results in one message of a peer (core/chaincode/chaincode_support.go, MaxResultLimit)."""

TOTAL_QUERY_LIMIT = 100_000
"""Results of one query; further ones are left out silently (core.yaml, ledger.state.totalQueryLimit)."""

T = TypeVar("T")


@dataclass(slots=True)
class _Query(Generic[T]):
    results: Iterator[T]
    note: Callable[[T | None], None]
    pending: list[T] = field(default_factory=list)
    count: int = 0


class OpenQueries(Generic[T]):
    """Cuts results into batches as core/chaincode/query_response_generator.go does.

    :param kind: goes into the ids of the queries.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._queries: dict[str, _Query[T]] = {}
        self._ids = itertools.count(1)

    def open(self, results: Iterable[T], note: Callable[[T | None], None]) -> Batch[T]:
        """Give the first batch.

        :param note: is told each result when the peer reads it, and None at the end. A peer reads one result
            more than it sends.
        """
        query_id = f"{self._kind}-{next(self._ids)}"
        # All at once: a peer commits nothing while a transaction is reading.
        self._queries[query_id] = _Query(iter(tuple(results)), note)
        return self.advance(query_id)

    def advance(self, query_id: str) -> Batch[T]:
        """Give the next batch.

        :raises KeyError: no such query is open.
        """
        query = self._queries[query_id]
        for result in itertools.islice(query.results, TOTAL_QUERY_LIMIT - query.count):
            query.note(result)
            query.count += 1
            if len(query.pending) == BATCH_SIZE:
                batch, query.pending = query.pending, [result]
                return Batch(tuple(batch), query_id, has_more=True)
            query.pending.append(result)
        if query.count < TOTAL_QUERY_LIMIT:  # at the limit the peer does not look for more
            query.note(None)
        self.close(query_id)
        return Batch(tuple(query.pending), query_id)

    def close(self, query_id: str) -> None:
        """Forget a query. One that is not open is none of the peer's concern."""
        self._queries.pop(query_id, None)


def page_of(entries: Iterator[KV], note: Callable[[KV | None], None], size: int) -> Batch[KV]:
    """Give one page; its bookmark is the key that follows.

    :param size: how many are wanted; 0: as many as a query may give.
    """
    limit = min(size or TOTAL_QUERY_LIMIT, TOTAL_QUERY_LIMIT)
    taken = tuple(itertools.islice(entries, limit))
    for each in taken:
        note(each)
    if len(taken) < limit:  # a peer that has as many as it was asked for does not look for more
        note(None)
    following = next(entries, None)
    return Batch(taken, bookmark=following.key if following else "", fetched_records_count=len(taken))


class RangeReader:
    """Notes how far a range query is read (query_executor.go, updateRangeQueryInfo)."""

    def __init__(self, store: Store, start_key: str, end_key: str) -> None:
        self._store = store
        self._start_key = start_key
        self._asked_end = end_key
        self._end_key = ""
        self._exhausted = False
        self._results: list[tuple[str, Version]] = []

    def __call__(self, read: KV | None) -> None:
        """Note a result that the peer has read; None: there was no further one."""
        if read is None:
            self._exhausted, self._end_key = True, self._asked_end
            return
        self._results.append((read.key, self._store.entries[read.key].version))
        self._end_key = read.key

    @property
    def range(self) -> RangeRead:
        """What was read so far."""
        return RangeRead(self._start_key, self._end_key, self._exhausted, tuple(self._results))
