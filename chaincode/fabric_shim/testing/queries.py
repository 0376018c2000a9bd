"""The iterators that a transaction has open at its peer, which sends their results in batches."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fabric_shim.ledger import Batch

BATCH_SIZE = 100
"""Results in one message of a peer (core/chaincode/chaincode_support.go, MaxResultLimit)."""

T = TypeVar("T")


@dataclass(slots=True)
class _Query(Generic[T]):
    results: Iterator[T]
    note: Callable[[T | None], None]
    pending: list[T] = field(default_factory=list)


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
        for result in query.results:
            query.note(result)
            if len(query.pending) == BATCH_SIZE:
                batch, query.pending = query.pending, [result]
                return Batch(tuple(batch), query_id, has_more=True)
            query.pending.append(result)
        query.note(None)
        self.close(query_id)
        return Batch(tuple(query.pending), query_id)

    def close(self, query_id: str) -> None:
        """Forget a query. One that is not open is none of the peer's concern."""
        self._queries.pop(query_id, None)
