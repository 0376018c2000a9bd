"""What the simulator offers a test beyond a ledger; that it is one, tests/conformance shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.errors import LedgerError, TransactionRefusedError
from fabric_shim.stub import ChaincodeStub
from fabric_shim.testing import LedgerSimulator, TestIdentity

from tests.protocol.probe import OBJECT_TYPE, chaincode

COLLECTION = "_implicit_org_AMSP"
SOMEBODY = TestIdentity.create("AMSP", "somebody", attributes={"care.role": "auditor"})


@pytest.fixture
def ledger() -> LedgerSimulator:
    return LedgerSimulator("ch", chaincode())


async def test_state_and_history_can_be_looked_at(ledger: LedgerSimulator) -> None:
    begin = ledger.now
    await ledger.submit("put", ["k", "v1"], creator=SOMEBODY)
    await ledger.submit("put", ["k", "v2"], creator=SOMEBODY)
    assert ledger.state == {"k": b"v2"}
    assert [(change.value, change.timestamp - begin) for change in ledger.history("k")] == [
        (b"v2", timedelta(seconds=2)),
        (b"v1", timedelta(seconds=1)),
    ]


async def test_private_state_can_be_looked_at(ledger: LedgerSimulator) -> None:
    fields = {"a": b"va", "b": b"vb", "x/1": b"v1", "x/2": b"v2"}
    result = await ledger.submit("put_private", [COLLECTION], creator=SOMEBODY, transient=fields)
    assert (result.writes, result.private_writes[COLLECTION]["a"]) == ({}, b"va")
    await ledger.submit("delete_private", [COLLECTION, "a"], creator=SOMEBODY)
    await ledger.submit("purge_private", [COLLECTION, "x/1"], creator=SOMEBODY)
    assert ledger.private_state(COLLECTION) == {"b": b"vb", f"\x00{OBJECT_TYPE}\x00x\x002\x00": b"v2"}
    assert ledger.state == {}


async def test_an_evaluation_tells_what_it_reads(ledger: LedgerSimulator) -> None:
    result = await ledger.evaluate("get_private", [COLLECTION, "p"], creator=SOMEBODY)
    assert (result.reads.public, result.reads.private) == (set(), {COLLECTION: {"p"}})
    result = await ledger.evaluate("range", ["a", "b"], creator=SOMEBODY)
    assert (result.reads.public, result.reads.ranges) == (set(), [("a", "b")])


async def test_only_successful_submits_commit(ledger: LedgerSimulator) -> None:
    evaluated = await ledger.evaluate("put", ["k", "v"], creator=SOMEBODY)
    assert (evaluated.committed, dict(evaluated.writes)) == (False, {"k": b"v"})
    assert ledger.state == {}
    with pytest.raises(TransactionRefusedError, match="not-here") as refused:
        await ledger.submit("refuse", ["not-here"], creator=SOMEBODY)
    assert (refused.value.status, refused.value.code) == (500, "not-here")
    assert refused.value.__cause__ is None
    with pytest.raises(TransactionRefusedError, match="internal error") as masked:
        await ledger.submit("crash", ["secret"], creator=SOMEBODY)
    assert isinstance(masked.value.__cause__, ValueError)
    assert (ledger.state, ledger.history("k")) == ({}, ())


async def test_the_clock_may_be_set(ledger: LedgerSimulator) -> None:
    timestamp = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    result = await ledger.evaluate("proposal", creator=SOMEBODY, timestamp=timestamp)
    assert json.loads(result.payload)["timestamp"] == "2030-01-02T03:04:05.678901+00:00"
    assert result.timestamp == timestamp


async def test_the_caller_signs_the_proposal() -> None:
    class Verifying(Chaincode):
        async def invoke(self, stub: ChaincodeStub) -> Response:
            signed = stub.get_signed_proposal()
            assert signed is not None
            assert SOMEBODY.private_key is not None
            SOMEBODY.private_key.public_key().verify(
                signed.signature, signed.proposal_bytes, ec.ECDSA(hashes.SHA256())
            )
            return Response.success(b"verified")

    result = await LedgerSimulator("ch", Verifying()).evaluate("f", creator=SOMEBODY)
    assert result.payload == b"verified"


async def test_declared_and_unknown_collections(ledger: LedgerSimulator) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        await ledger.evaluate("get_private", ["typo", "k"], creator=SOMEBODY)
    assert isinstance(caught.value.__cause__, LedgerError)
    declared = LedgerSimulator("ch", chaincode(), collections=["shared"])
    await declared.evaluate("get_private", ["shared", "k"], creator=SOMEBODY)
