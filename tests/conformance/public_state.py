"""Public state: values, ranges, composite keys, pages, history."""

from __future__ import annotations

import asyncio
from datetime import datetime

from tests.conformance.ledger import Ledger, Recorded, ask

COUNT = 250  # more than one batch of a peer, which is 100


class TestPublicState:
    async def test_write_read_delete(self, ledger: Ledger) -> None:
        written = await ledger.submit("put", "state-k", "v")
        assert written.payload.decode() == written.tx_id
        assert await ledger.evaluate("get", "state-k") == b"v"
        await ledger.submit("delete", "state-k")
        assert await ledger.evaluate("get", "state-k") == b""
        assert await ask(ledger, "range", "state-", "state~") == []
        await ledger.submit("delete", "state-k")

    async def test_reads_see_the_committed_state_only(self, ledger: Ledger) -> None:
        first = await ledger.submit("read_own_write", "own-k")
        second = await ledger.submit("read_own_write", "own-k")
        assert (first.payload, second.payload) == (b"nothing", b"own write")

    async def test_an_empty_value_is_a_deletion(self, ledger: Ledger) -> None:
        await ledger.submit("put", "empty-k", "v")
        written = await ledger.submit("put_empty", "empty-k")
        assert await ledger.evaluate("get", "empty-k") == b""
        assert await ask(ledger, "range", "empty-", "empty~") == []
        history = await ask(ledger, "history", "empty-k")
        assert [(change["value"], change["is_delete"]) for change in history] == [("", True), ("v", False)]
        assert (await ledger.recorded(written.tx_id)).writes == {"empty-k": None}

    async def test_the_last_write_of_a_transaction_counts(self, ledger: Ledger) -> None:
        written = await ledger.submit("overwrite", "over-k")
        assert (await ledger.recorded(written.tx_id)).writes == {"over-k": b"second", "over-k-deleted": None}
        assert await ask(ledger, "range", "over-", "over~") == ["over-k=second"]
        assert len(await ask(ledger, "history", "over-k")) == 1

    async def test_history_is_newest_first(self, ledger: Ledger) -> None:
        submitted = [
            await ledger.submit("put", "history-k", "v1"),
            await ledger.submit("delete", "history-k"),
            await ledger.submit("put", "history-k", "v3"),
        ]
        await ledger.submit("put", "history-k-2", "another key")
        history = await ask(ledger, "history", "history-k")
        assert [(change["value"], change["is_delete"]) for change in history] == [
            ("v3", False),
            ("", True),
            ("v1", False),
        ]
        assert [change["tx_id"] for change in history] == [one.tx_id for one in reversed(submitted)]
        newest = await ledger.recorded(submitted[-1].tx_id)
        assert datetime.fromisoformat(history[0]["timestamp"]) == newest.timestamp
        assert await ask(ledger, "history", "history-never-written") == []

    async def test_a_long_history_comes_whole(self, ledger: Ledger) -> None:
        # More changes than a peer's batch holds; they conflict with nothing, for they read nothing.
        written = await asyncio.gather(*(ledger.submit("put", "long-k", "v") for _ in range(105)))
        history = await ask(ledger, "history", "long-k")
        assert sorted(change["tx_id"] for change in history) == sorted(one.tx_id for one in written)

    async def test_ranges_run_to_before_their_end(self, ledger: Ledger) -> None:
        await ledger.submit("fill", str(COUNT))
        found = await ask(ledger, "range", "fill-0010", "fill-0012")
        assert found == ["fill-0010=0010", "fill-0011=0011"]
        assert await ask(ledger, "range", "fill-0012", "fill-0012") == []
        assert await ask(ledger, "range", "fill-0012", "fill-0010") == []
        assert await ask(ledger, "range", "fill-0248", "fill~") == ["fill-0248=0248", "fill-0249=0249"]
        assert await ledger.evaluate("count", "fill-", "fill~") == str(COUNT).encode()
        assert await ledger.evaluate("first", "fill-", "fill~") == b"fill-0000,True"

    async def test_open_ranges_hold_simple_keys_only(self, ledger: Ledger) -> None:
        await ledger.submit("fill", str(COUNT))
        everything = await ask(ledger, "range", "", "")
        assert len(everything) >= COUNT
        assert not any(entry.startswith("\x00") for entry in everything)
        assert await ask(ledger, "range", "", "fill-0001") == [
            entry for entry in everything if entry < "fill-0001"
        ]
        assert await ask(ledger, "range", "fill-0249", "") == [
            entry for entry in everything if entry >= "fill-0249"
        ]

    async def test_keys_are_sorted_by_their_bytes(self, ledger: Ledger) -> None:
        for key in ("b", "ä", "\U0001f600", "\uffff", "a", "B"):
            await ledger.submit("put", f"sorted-{key}", "v")
        assert await ask(ledger, "range", "sorted-", "sorted-\U0010ffff") == [
            f"sorted-{key}=v" for key in ("B", "a", "b", "ä", "\uffff", "\U0001f600")
        ]

    async def test_partial_composite_keys(self, ledger: Ledger) -> None:
        await ledger.submit("fill", str(COUNT))
        odd = await ask(ledger, "things", '["odd"]')
        assert odd == [["odd", f"{number:04}"] for number in range(1, COUNT, 2)]
        assert await ask(ledger, "things", '["odd","0003"]') == [["odd", "0003"]]
        assert await ask(ledger, "things", '["od"]') == []
        assert len(await ask(ledger, "things", "[]")) == COUNT

    async def test_pages(self, ledger: Ledger) -> None:
        await ledger.submit("fill", str(COUNT))
        names = [f"fill-{number:04}" for number in range(COUNT)]
        assert await ask(ledger, "pages", "fill-", "fill~", "100") == [
            names[:100],
            names[100:200],
            names[200:],
        ]
        assert await ask(ledger, "pages", "fill-0000", "fill-0004", "2") == [names[:2], names[2:4]]
        assert await ask(ledger, "pages", "fill-0000", "fill-0004", "4") == [names[:4]]
        assert await ask(ledger, "pages", "fill-0000", "fill-0004", "300") == [names[:4]]
        assert await ask(ledger, "pages", "fill-none", "fill-none~", "2") == [[]]
        assert await ask(ledger, "things_page", '["even"]', "3") == [
            ["0000", "0002", "0004"],
            ["0006", "0008", "0010"],
        ]

    async def test_what_a_block_shows(self, ledger: Ledger) -> None:
        async def recorded(function: str, *arguments: str) -> Recorded:
            return await ledger.recorded((await ledger.submit(function, *arguments)).tx_id)

        await ledger.submit("fill", str(COUNT))
        own = await recorded("read_own_write", "shown-k")
        assert (own.reads, own.writes, own.ranges) == ({"shown-k"}, {"shown-k": b"own write"}, [])
        absent = await recorded("get", "shown-never-written")
        assert (absent.reads, absent.writes) == ({"shown-never-written"}, {})
        listed = await recorded("range", "fill-0010", "fill-0012")
        assert (listed.reads, listed.ranges) == (set(), [("fill-0010", "fill-0012")])
        counted = await recorded("count", "fill-", "fill~")
        assert counted.ranges == [("fill-", "fill~")]
        things = await recorded("things", '["odd"]')
        assert things.ranges == [("\x00thing\x00odd\x00", "\x00thing\x00odd\x00\U0010ffff")]
        left = await recorded("first", "fill-", "fill~")
        assert (left.reads, left.ranges) == ({"fill-0000"}, [("fill-", "fill-0100")])
        paged = await recorded("pages", "fill-0000", "fill-0004", "2")
        assert paged.ranges == [("fill-0000", "fill-0001"), ("fill-0002", "fill-0003")]
        paged = await recorded("pages", "fill-0000", "fill-0004", "3")
        assert paged.ranges == [("fill-0000", "fill-0002"), ("fill-0003", "fill-0004")]
        assert (await recorded("history", "fill-0000")).reads == set()
