"""Results of queries, against a ledger that counts what it is asked."""

from __future__ import annotations

import pytest
from fabric_shim import Page, ResultsIterator
from fabric_shim.errors import LedgerError
from fabric_shim.ledger import Batch


class Query:
    """Gives batches of letters, one per request."""

    def __init__(self, *batches: str) -> None:
        self._batches = list(batches)
        self.asked: list[str] = []

    def results(self) -> ResultsIterator[str]:
        return ResultsIterator(self._first, self._next, self._close)

    async def _first(self) -> Batch[str]:
        self.asked.append("first")
        return self._batch()

    async def _next(self, query_id: str) -> Batch[str]:
        self.asked.append(f"next {query_id}")
        return self._batch()

    async def _close(self, query_id: str) -> None:
        self.asked.append(f"close {query_id}")

    def _batch(self) -> Batch[str]:
        found = self._batches.pop(0)
        if found == "!":
            raise LedgerError("no", tx_id="t")
        return Batch(tuple(found), "q", bool(self._batches))


async def test_batches_are_fetched_when_they_are_needed() -> None:
    query = Query("ab", "", "c")
    results = query.results()
    assert query.asked == []
    assert [await anext(results), await anext(results)] == ["a", "b"]
    assert query.asked == ["first"]
    assert await anext(results) == "c"
    assert query.asked == ["first", "next q", "next q"]
    assert [item async for item in results] == []
    await results.aclose()
    assert query.asked == ["first", "next q", "next q"]


@pytest.mark.parametrize("batches", [("",), ("", "")])
async def test_nothing_found(batches: tuple[str, ...]) -> None:
    query = Query(*batches)
    assert [item async for item in query.results()] == []
    assert len(query.asked) == len(batches)


async def test_left_early_through_a_context() -> None:
    query = Query("ab", "c")
    async with query.results() as results:
        assert await anext(results) == "a"
    assert query.asked == ["first", "close q"]
    assert [item async for item in results] == []
    await results.aclose()
    assert query.asked == ["first", "close q"]


async def test_an_exception_inside_the_context_frees_the_query() -> None:
    query = Query("ab", "c")
    with pytest.raises(ValueError, match="ours"):
        async with query.results() as results:
            await anext(results)
            raise ValueError("ours")
    assert query.asked == ["first", "close q"]


async def test_nothing_is_freed_that_was_not_begun_or_is_over() -> None:
    never, over = Query("ab", "c"), Query("ab")
    await never.results().aclose()
    async with over.results() as results:
        assert await anext(results) == "a"
    assert (never.asked, over.asked) == ([], ["first"])


@pytest.mark.parametrize("batches", [("!",), ("a", "!")])
async def test_a_refused_query_is_over(batches: tuple[str, ...]) -> None:
    query = Query(*batches)
    results = query.results()
    with pytest.raises(LedgerError):
        assert [item async for item in results]
    assert [item async for item in results] == []
    await results.aclose()
    assert len(query.asked) == len(batches)


def test_pages_show_no_data() -> None:
    assert repr(Page(("secret",), "secret", 1)) == "Page(fetched_records_count=1)"
