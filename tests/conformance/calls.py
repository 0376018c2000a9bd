"""Chaincode that calls chaincode."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.ledger import OTHER_CHAINCODE, OTHER_CHANNEL, Ledger


async def call(ledger: Ledger, chaincode: str, channel: str, *arguments: str) -> tuple[dict[str, Any], str]:
    """Submit a transaction that calls; what it saw, and its id."""
    called = await ledger.submit("parity:call", chaincode, channel, json.dumps(arguments))
    return json.loads(called.payload), called.tx_id


class TestCalls:
    async def test_a_called_chaincode_reads_and_writes_its_own_keys(self, ledger: Ledger) -> None:
        await ledger.submit("put", "called-k", "ours")
        answer, tx_id = await call(ledger, OTHER_CHAINCODE, "", "put", "called-k", "theirs")
        assert answer == {"status": 200, "message": "", "payload": tx_id}
        shown = await ledger.recorded(tx_id)
        assert shown.writes == {"call-before": b"v", "call-after": b"200"}
        assert shown.called_writes == {"called-k": b"theirs"}
        assert await ledger.evaluate("get", "called-k") == b"ours"
        assert await ledger.evaluate("get", "called-k", chaincode=OTHER_CHAINCODE) == b"theirs"
        answer, _ = await call(ledger, OTHER_CHAINCODE, ledger.channel, "get", "called-k")
        assert answer == {"status": 200, "message": "", "payload": "theirs"}

    async def test_a_called_chaincode_that_refuses(self, ledger: Ledger) -> None:
        answer, tx_id = await call(ledger, OTHER_CHAINCODE, "", "refuse", "not-here")
        assert answer == {"status": 500, "message": "not-here: As asked.", "payload": ""}
        # It is the caller's decision: the transaction is committed.
        assert (await ledger.recorded(tx_id)).writes["call-after"] == b"500"

    async def test_a_called_chaincodes_event_is_dropped(self, ledger: Ledger) -> None:
        answer, tx_id = await call(ledger, OTHER_CHAINCODE, "", "event", "theirs")
        assert answer["status"] == 200
        assert (await ledger.recorded(tx_id)).event is None

    async def test_what_cannot_be_called(self, ledger: Ledger) -> None:
        for chaincode, channel in (("no-such", ""), (OTHER_CHAINCODE, "no-such"), ("probe", "")):
            answer, _ = await call(ledger, chaincode, channel, "get", "k")
            assert (answer["status"], answer["message"]) == (500, "")
            assert answer["payload"]

    async def test_another_channel_is_read_only(self, ledger: Ledger) -> None:
        answer, tx_id = await call(ledger, "probe", OTHER_CHANNEL, "put", "over-there", "v")
        assert answer == {"status": 200, "message": "", "payload": tx_id}
        shown = await ledger.recorded(tx_id)
        assert shown.writes == {"call-before": b"v", "call-after": b"200"}
        assert shown.called_writes == {}
        arguments = json.dumps(["get", "over-there"])
        asked = await ledger.evaluate("parity:ask", "probe", OTHER_CHANNEL, arguments)
        assert json.loads(asked) == {"status": 200, "message": "", "payload": ""}
