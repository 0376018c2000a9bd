"""Results of queries: streamed from the peer batch by batch, or one page with a bookmark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

from fabric_shim.ledger import Batch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a paginated query.

    :ivar items: the results, in the ledger's order.
    :ivar bookmark: goes into the next call; empty when this was the last page of a range. A rich query may
        give one with its last page: it is over when a page is empty.
    :ivar fetched_records_count: how many results the peer says it fetched.
    """

    items: tuple[T, ...] = field(repr=False)
    bookmark: str = field(repr=False)
    fetched_records_count: int = 0


class ResultsIterator(Generic[T]):
    """Results of a query in the ledger's order: ``async for item in stub.get_state_by_range(…)``.

    The query starts at the first item and fetches each further batch when it is needed. It is freed by itself
    at the end of the results, and of whatever is left early at the end of the transaction; a long transaction
    leaves early through ``async with`` or :meth:`aclose`.
    """

    def __init__(
        self,
        first: Callable[[], Awaitable[Batch[T]]],
        following: Callable[[str], Awaitable[Batch[T]]],
        close: Callable[[str], Awaitable[None]],
    ) -> None:
        self._fetch: Callable[[], Awaitable[Batch[T]]] | None = first
        self._following = following
        self._close = close
        self._items: tuple[T, ...] = ()
        self._position = 0
        self._open_query: str | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while self._position == len(self._items):
            if self._fetch is None:
                raise StopAsyncIteration
            await self._next_batch(self._fetch)
        item = self._items[self._position]
        self._position += 1
        return item

    async def aclose(self) -> None:
        """Free the peer's iterator if results are left. Further iteration ends at once."""
        query_id = self._open_query
        self._end()
        if query_id is not None:
            await self._close(query_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _next_batch(self, fetch: Callable[[], Awaitable[Batch[T]]]) -> None:
        # Whatever the peer refuses is over there, too.
        self._end()
        batch = await fetch()
        self._items = batch.items
        if batch.has_more:
            query_id = self._open_query = batch.query_id
            self._fetch = lambda: self._following(query_id)

    def _end(self) -> None:
        self._items = ()
        self._position = 0
        self._fetch = self._open_query = None
