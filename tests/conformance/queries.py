"""Queries over all composite keys, rich queries on LevelDB, queries left early, and the caller by name."""

from __future__ import annotations

import pytest

from tests.conformance.ledger import HOME_COLLECTION, Ledger, RefusedError, ask


class TestQueries:
    async def test_all_composite_keys_page_by_page(self, ledger: Ledger) -> None:
        await ledger.submit("fill", "250")
        pages = await ask(ledger, "parity:composite_pages", "100")
        names = [f"{number:04}" for parity in (0, 1) for number in range(parity, 250, 2)]
        assert pages == [["100", *names[:100]], ["100", *names[100:200]], ["50", *names[200:]]]

    @pytest.mark.parametrize("kind", ["public", "page", "private"])
    async def test_rich_queries_on_leveldb(self, ledger: Ledger, kind: str) -> None:
        with pytest.raises(RefusedError, match=r"^query-not-supported: "):
            await ledger.evaluate("parity:rich_query", kind, HOME_COLLECTION)

    async def test_a_query_left_early(self, ledger: Ledger) -> None:
        await ledger.submit("fill", "250")
        left = await ledger.submit("parity:left_early", "fill-", "fill~")
        assert left.payload == b"fill-0000"
        assert (await ledger.recorded(left.tx_id)).writes == {"left-early": b"fill-0000"}

    async def test_the_caller_by_gos_functions(self, ledger: Ledger) -> None:
        assert await ask(ledger, "parity:caller") == {
            "same": True,
            "client": True,
            "admin": False,
            "arguments": "parity:caller",
            "decorations": 0,
        }
