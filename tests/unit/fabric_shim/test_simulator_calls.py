"""Chaincodes that call chaincodes, on one channel and across."""

from __future__ import annotations

import base64
import json

import pytest
from fabric_shim.errors import ConfigurationError
from fabric_shim.testing import LedgerSimulator, TestIdentity, ValidationCode

from tests.unit.fabric_shim.simulator_toy import Toy

SOMEBODY = TestIdentity.create("AMSP", "somebody")


@pytest.fixture
def ledger() -> LedgerSimulator:
    ledger = LedgerSimulator("ch", Toy(), name="one")
    ledger.deploy("two", Toy())
    return ledger


async def call(ledger: LedgerSimulator, chaincode: str, channel: str, *arguments: str) -> str:
    result = await ledger.submit("call", [chaincode, channel, *arguments], creator=SOMEBODY)
    return result.payload.decode()


async def refusal(ledger: LedgerSimulator, *arguments: str) -> str:
    """The peer's text: for the calling chaincode an answer like any other."""
    result = await ledger.submit("call", arguments, creator=SOMEBODY)
    return result.payload.decode().removeprefix("500  ").replace(result.tx_id, "TX")


async def test_each_chaincode_has_keys_of_its_own(ledger: LedgerSimulator) -> None:
    assert await call(ledger, "two", "", "put", "k") == "200  "
    assert ledger.state == {}
    assert (await ledger.evaluate("get", ["k"], creator=SOMEBODY, chaincode="two")).payload == b"v"
    assert await call(ledger, "two", "", "get", "k") == "200  v"
    assert await call(ledger, "two", "ch", "get", "k") == "200  v"
    assert (await ledger.submit("get", ["k"], creator=SOMEBODY)).payload == b"-"
    written = await ledger.submit("call", ["two", "", "put", "k"], creator=SOMEBODY)
    assert written.writes == {}
    assert written.read_write_set.namespaces["two"].public.writes == {"k": b"v"}


async def test_the_called_chaincode_sees_the_same_proposal(ledger: LedgerSimulator) -> None:
    fields = {"field": b"value"}
    result = await ledger.submit("call", ["two", "", "whoami"], creator=SOMEBODY, transient=fields)
    seen = json.loads(result.payload.decode().removeprefix("200  "))
    assert seen == [result.tx_id, "ch", ["field"], base64.b64encode(SOMEBODY.creator).decode()]


async def test_a_refusal_is_the_callers_to_judge(ledger: LedgerSimulator) -> None:
    assert await call(ledger, "two", "", "no_such_function") == "500 internal error "


async def test_reads_of_a_called_chaincode_are_checked_too(ledger: LedgerSimulator) -> None:
    held = await ledger.endorse("call", ["two", "", "get", "k"], creator=SOMEBODY)
    await ledger.submit("put", ["k"], creator=SOMEBODY, chaincode="two")
    assert (await ledger.commit([held])).codes == (ValidationCode.MVCC_READ_CONFLICT,)


async def test_events_of_a_called_chaincode_are_dropped(ledger: LedgerSimulator) -> None:
    assert (await ledger.submit("call", ["two", "", "emit", "e"], creator=SOMEBODY)).event is None
    assert ledger.blocks[-1].events == ()


async def test_a_transaction_enters_a_chaincode_once(ledger: LedgerSimulator) -> None:
    expected = "INVOKE_CHAINCODE failed: transaction ID: TX: execute failed: txid: TX(ch) exists"
    assert await refusal(ledger, "one", "", "get", "k") == expected
    assert await refusal(ledger, "two", "", "call", "one", "", "get", "k") == f"200  500  {expected}"


async def test_unknown_chaincodes_and_channels(ledger: LedgerSimulator) -> None:
    assert await refusal(ledger, "three", "", "get", "k") == (
        "INVOKE_CHAINCODE failed: transaction ID: TX: execute failed: [channel ch] failed to get chaincode "
        "container info for three: chaincode three not found"
    )
    assert await refusal(ledger, "two", "elsewhere", "get", "k") == (
        "INVOKE_CHAINCODE failed: transaction ID: TX: failed to find ledger for channel: elsewhere"
    )
    with pytest.raises(ConfigurationError, match="three"):
        await ledger.submit("get", ["k"], creator=SOMEBODY, chaincode="three")


async def test_calls_to_another_channel_only_read(ledger: LedgerSimulator) -> None:
    elsewhere = LedgerSimulator("elsewhere", Toy(), name="one")
    ledger.join(elsewhere)
    await elsewhere.submit("put", ["k"], creator=SOMEBODY)
    result = await ledger.submit("call", ["one", "elsewhere", "get", "k"], creator=SOMEBODY)
    assert result.payload == b"200  v"
    # What is read there cannot be checked here, and is not in the block.
    assert (result.reads.public, list(result.read_write_set.namespaces)) == (set(), ["one"])
    assert await call(ledger, "one", "elsewhere", "put", "l") == "200  "
    assert elsewhere.state == {"k": b"v"}
    seen = await call(ledger, "one", "elsewhere", "whoami")
    assert json.loads(seen.removeprefix("200  "))[1] == "elsewhere"


async def test_a_chaincode_may_be_defined_anew(ledger: LedgerSimulator) -> None:
    class Newer(Toy):
        async def get(self, stub: object, *keys: str) -> str:  # type: ignore[override]
            return "newer " + await super().get(stub, *keys)  # type: ignore[arg-type]

    await ledger.submit("put", ["k"], creator=SOMEBODY, chaincode="two")
    ledger.deploy("two", Newer())
    assert await call(ledger, "two", "", "get", "k") == "200  newer v"
