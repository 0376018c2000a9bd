"""Results of queries: streamed from the peer batch by batch, or one page with a bookmark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from fabric_shim.ledger import Batch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a paginated query.

    ``bookmark`` goes into the next call; it is empty when this was the last page.
    """

    items: tuple[T, ...]
    bookmark: str


class ResultsIterator(Generic[T]):
    """Results of a query in ledger order: ``async for item in stub.get_state_by_range(…)``.

    The query starts at the first item and fetches each further batch when it is needed. The peer frees its
    iterator by itself at the end of the results or of the transaction; whoever stops early in a long
    transaction leaves through ``async with`` or calls :meth:`aclose`.
    """

    def __init__(
        self,
        first: Callable[[], Awaitable[Batch[T]]],
        following: Callable[[str], Awaitable[Batch[T]]],
        close: Callable[[str], Awaitable[None]],
    ) -> None:
        self._first = first
        self._following = following
        self._close = close
        self._batch: Batch[T] | None = None
        self._position = 0
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._closed:
            raise StopAsyncIteration
        if self._batch is None:
            self._batch = await self._first()
        while self._position == len(self._batch.items):
            if not self._batch.has_more:
                raise StopAsyncIteration
            self._batch = await self._following(self._batch.query_id)
            self._position = 0
        item = self._batch.items[self._position]
        self._position += 1
        return item

    async def aclose(self) -> None:
        """Free the peer's iterator if results are left. Further iteration ends at once."""
        if self._closed:
            return
        self._closed = True
        if self._batch is not None and self._batch.has_more:
            await self._close(self._batch.query_id)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
