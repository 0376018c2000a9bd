"""Many writes and many reads in one transaction, in however many messages the peer takes them."""

from __future__ import annotations

import json

import pytest

from tests.conformance.ledger import HOME_COLLECTION, OTHER, Ledger, RefusedError, ask
from tests.protocol.probe_parity import MANY

COUNT = 2500  # more than two of a peer's batches, which are 1000


class TestBatches:
    @pytest.mark.parametrize("held", ["false", "true"])
    async def test_many_writes(self, ledger: Ledger, held: str) -> None:
        written = await ledger.submit("parity:put_many", str(COUNT), held)
        shown = (await ledger.recorded(written.tx_id)).writes
        assert len(shown) == COUNT
        assert shown[f"{MANY}-00000"] == b"overwritten"
        assert shown[f"{MANY}-00001"] is None
        assert shown[f"{MANY}-02499"] == b"2499"
        assert await ledger.evaluate("count", f"{MANY}-", f"{MANY}~") == str(COUNT - 1).encode()

    async def test_a_batch_is_not_read_before_it_is_committed(self, ledger: Ledger) -> None:
        await ledger.submit("delete", f"{MANY}-00002")
        first = await ledger.submit("parity:put_many", "3", "true")
        second = await ledger.submit("parity:put_many", "3", "false")
        assert (first.payload, second.payload) == (b"", b"2")

    async def test_many_reads(self, ledger: Ledger) -> None:
        await ledger.submit("parity:put_many", str(COUNT), "true")
        expected = ["overwritten", None, *(str(number) for number in range(2, COUNT)), None]
        asked = await ledger.submit("parity:get_many", str(COUNT + 1))
        assert json.loads(asked.payload) == expected
        shown = await ledger.recorded(asked.tx_id)
        assert shown.reads == {f"{MANY}-{number:05}" for number in range(COUNT + 1)}
        assert shown.writes == {}

    async def test_reads_keep_their_order(self, ledger: Ledger) -> None:
        await ledger.submit("put", "these-a", "a")
        await ledger.submit("put", "these-b", "b")
        names = ["these-b", "these-none", "these-a", "these-b"]
        assert await ask(ledger, "parity:get_these", json.dumps(names)) == ["b", None, "a", "b"]
        assert await ask(ledger, "parity:get_these", "[]") == []

    async def test_private_reads(self, ledger: Ledger) -> None:
        await ledger.submit("put_private", HOME_COLLECTION, transient={"these-p": b"p", "these-q": b"q"})
        names = json.dumps(["these-q", "these-none", "these-p"])
        found = await ask(ledger, "parity:get_these_private", HOME_COLLECTION, names)
        assert found == ["q", None, "p"]

    async def test_a_peer_without_the_values_says_missing(self, ledger: Ledger) -> None:
        """Unlike for a single read, which it refuses: many keys are not compared with their hashes."""
        await ledger.submit("put_private", HOME_COLLECTION, transient={"these-r": b"r"})
        with pytest.raises(RefusedError):
            await ledger.evaluate("get_private", HOME_COLLECTION, "these-r", peer=OTHER)
        names = json.dumps(["these-r"])
        found = await ask(ledger, "parity:get_these_private", HOME_COLLECTION, names, peer=OTHER)
        assert found == [None]
