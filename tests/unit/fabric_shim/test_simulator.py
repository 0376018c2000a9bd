"""What the simulator offers a test beyond a ledger; that it is one, tests/conformance shows."""

from __future__ import annotations

import asyncio
import decimal
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fabric_shim import testing
from fabric_shim.chaincode import Chaincode, Response, run_to_end
from fabric_shim.errors import (
    AwaitError,
    EndorsementError,
    IdentityError,
    LedgerError,
    QueryNotSupportedError,
    TransactionRefusedError,
)
from fabric_shim.identity import ClientIdentity
from fabric_shim.ledger import PageRequest, Write, WriteKind
from fabric_shim.stub import ChaincodeStub
from fabric_shim.testing import LedgerSimulator, TestIdentity, queries
from fabric_shim.testing.mock_peer import MockPeer

from tests.protocol.probe import OBJECT_TYPE, chaincode
from tests.unit.fabric_shim.simulator_toy import Toy

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


async def test_a_contract_may_await_its_stub_only() -> None:
    ledger = LedgerSimulator("ch", Toy())
    with pytest.raises(TransactionRefusedError, match="internal error") as error:
        await ledger.submit("sleep", creator=SOMEBODY)
    assert isinstance(error.value.__cause__, AwaitError)


async def test_a_contract_that_ends_the_process_ends_its_transaction() -> None:
    ledger = LedgerSimulator("ch", Toy())
    with pytest.raises(TransactionRefusedError, match="internal error") as error:
        await ledger.submit("leave", creator=SOMEBODY)
    assert isinstance(error.value.__cause__, SystemExit)


def test_a_test_may_do_without_asyncio() -> None:
    ledger = LedgerSimulator("ch", Toy())
    assert run_to_end(ledger.submit("put", ["k"], creator=SOMEBODY)).committed
    held = run_to_end(ledger.endorse("get", ["k"], creator=SOMEBODY))
    assert run_to_end(ledger.commit([held])).number == 2


async def test_who_interrupts_the_tests_interrupts_them() -> None:
    class Interrupted(Chaincode):
        async def invoke(self, stub: ChaincodeStub) -> Response:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await LedgerSimulator("ch", Interrupted()).submit("f", creator=SOMEBODY)


async def test_plain_functions_run_as_well() -> None:
    class Plain(Chaincode):
        def invoke(self, stub: ChaincodeStub) -> Response:  # type: ignore[override]
            before = stub.get_state("k")
            stub.put_state("k", b"v")
            found = [kv.key for kv in stub.get_state_by_range("", "")]  # type: ignore[attr-defined]
            return Response.success(f"{before!r} {found}".encode())

    ledger = LedgerSimulator("ch", Plain())
    assert (await ledger.submit("f", creator=SOMEBODY)).payload == b"None []"
    assert (await ledger.submit("f", creator=SOMEBODY)).payload == b"b'v' ['k']"


async def test_leveldb_has_no_rich_queries() -> None:
    ledger = LedgerSimulator("ch", Toy(), collections=["c"])
    for arguments in ([], ["c"]):
        with pytest.raises(TransactionRefusedError) as error:
            await ledger.evaluate("rich", arguments, creator=SOMEBODY)
        assert isinstance(error.value.__cause__, QueryNotSupportedError)
    door = ledger.stub(creator=SOMEBODY)._ledger
    with pytest.raises(QueryNotSupportedError):
        await door.get_query_result("", "{}", PageRequest(2))
    # As on a peer, asking for pages has made the transaction read-only all the same.
    with pytest.raises(LedgerError, match="has already performed a paginated query"):
        await door.write([Write(WriteKind.PUT, "", "k", b"v")])


async def test_requests_that_no_stub_makes() -> None:
    door = LedgerSimulator("ch", Toy()).stub(creator=SOMEBODY)._ledger
    for following in (door.next_states, door.next_modifications):
        with pytest.raises(LedgerError, match=r"QUERY_STATE_NEXT failed: .*: query iterator not found"):
            await following("states-1")
    with pytest.raises(LedgerError, match=r"PURGE_PRIVATE_DATA failed: .*: only applicable for private data"):
        await door.write([Write(WriteKind.PURGE, "", "k")])
    await door.close_query("states-1")


async def test_a_query_gives_no_more_than_the_peers_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "TOTAL_QUERY_LIMIT", 150)
    ledger = LedgerSimulator("ch", Toy())
    keys = [f"k{number:03}" for number in range(160)]
    await ledger.submit("put", keys, creator=SOMEBODY)
    held = await ledger.endorse("count", ["k", "l", "total"], creator=SOMEBODY)
    assert held.payload.decode().split(",") == keys[:150]
    assert held.reads.ranges == [("k", "k149")]
    door = ledger.stub(creator=SOMEBODY)._ledger
    page = await door.get_state_by_range("", "", "", PageRequest(0, "k005"))
    assert (page.items[0].key, len(page.items), page.bookmark) == ("k005", 150, "k155")
    page = await door.get_state_by_range("", "k", "l", PageRequest(20, "k145"))
    assert (page.fetched_records_count, page.bookmark) == (15, "")


async def test_a_stub_without_a_chaincode(ledger: LedgerSimulator) -> None:
    await ledger.submit("put", ["k", "v"], creator=SOMEBODY)
    stub = ledger.stub("function", ["argument"], creator=SOMEBODY, transient={"field": b"value"})
    assert stub.get_function_and_parameters() == ("function", ["argument"])
    assert (await stub.get_state("k"), dict(stub.get_transient())) == (b"v", {"field": b"value"})
    await stub.put_state("k", b"changed")
    await stub.flush()
    assert ledger.state == {"k": b"v"}
    assert ClientIdentity(stub).msp_id == "AMSP"


async def test_the_chaincode_knows_whose_peer_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = LedgerSimulator("ch", Toy())
    assert (await ledger.evaluate("peer", creator=SOMEBODY, peer="BMSP")).payload == b"BMSP"
    assert ledger.stub(creator=SOMEBODY, peer="CMSP").get_mspid() == "CMSP"
    with pytest.raises(EndorsementError, match="the response's payload"):
        await ledger.submit("peer", creator=SOMEBODY, endorsers=["AMSP", "BMSP"])
    monkeypatch.setenv("CORE_PEER_LOCALMSPID", "DMSP")
    assert (await ledger.evaluate("peer", creator=SOMEBODY)).payload == b"DMSP"


def test_the_mock_peer_is_there_on_demand() -> None:
    assert testing.MockPeer is MockPeer
    assert not hasattr(testing, "no_such_name")


async def test_events_can_be_waited_for() -> None:
    ledger = LedgerSimulator("ch", Toy())
    await ledger.submit("emit", ["before"], creator=SOMEBODY)
    from_now_on, from_the_start = ledger.events(), ledger.events(start_block=0)
    waiting = asyncio.create_task(anext(from_now_on))
    await asyncio.sleep(0)
    await ledger.submit("put", ["silent"], creator=SOMEBODY)
    result = await ledger.submit("emit", ["after"], creator=SOMEBODY)
    event = await waiting
    assert (event.block_number, event.tx_id, event.chaincode, event.name) == (
        3,
        result.tx_id,
        "chaincode",
        "after",
    )
    assert [event.name for event in from_the_start.take()] == ["before", "after"]
    await ledger.submit("emit", ["again"], creator=SOMEBODY)
    assert (await anext(from_now_on)).name == "again"


async def test_identities_from_files(tmp_path: Path, ledger: LedgerSimulator) -> None:
    for folder in ("signcerts", "keystore"):
        (tmp_path / folder).mkdir()
    with pytest.raises(IdentityError, match="no certificate"):
        TestIdentity.from_msp("AMSP", tmp_path)
    (tmp_path / "signcerts" / "cert.pem").write_bytes(SOMEBODY.certificate_pem)
    without_key = TestIdentity.from_msp("AMSP", tmp_path)
    assert (without_key.private_key, without_key.sign(b"content")) == (None, b"")
    (tmp_path / "keystore" / "abc_sk").write_bytes(_pem(SOMEBODY.private_key))
    somebody = TestIdentity.from_msp("AMSP", tmp_path)
    result = await ledger.submit("proposal", creator=somebody)
    assert json.loads(result.payload)["attributes"] == {"care.role": "auditor"}
    assert somebody.sign(b"content") != b""
    with pytest.raises(IdentityError, match="cannot be read"):
        TestIdentity.from_pem("AMSP", b"nonsense")
    with pytest.raises(IdentityError, match="no ECDSA key"):
        TestIdentity.from_pem("AMSP", SOMEBODY.certificate_pem, _pem(ed25519.Ed25519PrivateKey.generate()))


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | None) -> bytes:
    assert key is not None
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Coarse(Toy):
    async def divide(self, _stub: ChaincodeStub, precision: str) -> str:
        if precision:
            decimal.getcontext().prec = int(precision)
        return str(Decimal(1) / 7)


async def test_what_a_contract_sets_for_its_thread_ends_with_the_transaction() -> None:
    ledger = LedgerSimulator("ch", Coarse())
    results = [(await ledger.evaluate("divide", [digits], creator=SOMEBODY)).payload for digits in ("3", "")]
    assert results == [b"0.143", b"0.1428571428571428571428571429"]
    assert decimal.getcontext().prec == 28
