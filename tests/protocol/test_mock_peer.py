"""The mock peer itself: a transcript in plain values, and what goes another way than it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import pytest
from fabric_shim import KV, ChaincodeStub, ClientIdentity, KeyModification, Response
from fabric_shim.ledger import PageRequest, Write, WriteKind
from fabric_shim.testing.mock_peer import MockPeer, transcript
from fabric_transport import ClientTls

from tests.protocol.conftest import CHAINCODE_ID, Behaviour, Serve, Tls

Connect = Callable[[Behaviour], AbstractAsyncContextManager[MockPeer]]
C = "_implicit_org_TestMSP"


@pytest.fixture
def connect(serve: Serve, tls: Tls) -> Connect:
    @asynccontextmanager
    async def connected(behaviour: Behaviour) -> AsyncIterator[MockPeer]:
        client = ClientTls(tls.server_ca, tls.peer.certificate, tls.peer.key)
        async with serve(behaviour) as served, MockPeer.dial(f"127.0.0.1:{served.port}", client) as peer:
            yield peer

    return connected


async def everything(stub: ChaincodeStub) -> Response:
    caller = ClientIdentity(stub)
    values = [
        caller.get_mspid(),
        stub.get_transient().get("secret"),
        await stub.get_state("a"),
        await stub.get_multiple_states("a", "b"),
        await stub.get_private_data_hash(C, "p"),
        await stub.get_state_validation_parameter("a"),
        [kv.key async for kv in stub.get_state_by_range("a", "c")],
        (await stub.get_query_result_with_pagination("{}", 1)).bookmark,
        [change.tx_id async for change in stub.get_history_for_key("a")],
        (await stub.invoke_chaincode("other", ["f"])).payload,
    ]
    await stub.put_state("a", b"1")
    await stub.set_private_data_validation_parameter(C, "p", b"policy")
    stub.set_event("happened", b"it did")
    return Response.success(repr(values).encode())


async def test_a_transcript_in_plain_values(connect: Connect) -> None:
    async with connect(everything) as peer:
        assert await peer.register(write_batch=1000, get_multiple=1000) == CHAINCODE_ID
        tx = await peer.begin("f", transient={"secret": b"s"})
        await tx.expect(transcript.get_state("a"), answer=b"1")
        await tx.expect(transcript.get_multiple_states("a", "b"), answer=transcript.values(b"1", b""))
        await tx.expect(transcript.get_private_data_hash(C, "p"), answer=b"hash")
        await tx.expect(transcript.get_validation_parameter("a"), answer=transcript.validation_parameter(b""))
        await tx.expect(
            transcript.get_state_by_range("a", "c"),
            answer=transcript.states([KV("a", b"1")], more_from="q"),
        )
        await tx.expect(transcript.next_results("q"), answer=transcript.states([KV("b", b"2")]))
        await tx.expect(
            transcript.get_query_result("{}", page=PageRequest(1)),
            answer=transcript.states([], bookmark="next"),
        )
        change = KeyModification("t1", b"1", datetime(2026, 1, 1, tzinfo=UTC), is_delete=False)
        await tx.expect(transcript.get_history_for_key("a"), answer=transcript.modifications([change]))
        await tx.expect(
            transcript.invoke_chaincode("other", "f"), answer=transcript.called(payload=b"called")
        )
        await tx.expect(
            transcript.write_batch(
                Write(WriteKind.PUT, "", "a", b"1"),
                Write(WriteKind.VALIDATION_PARAMETER, C, "p", b"policy"),
            )
        )
        completed = await tx.completed()
        values = ["TestMSP", b"s", b"1", [b"1", None], b"hash", None, ["a", "b"], "next", ["t1"], b"called"]
        assert completed.response.payload == repr(values).encode()
        assert completed.event is not None
        assert (completed.event.name, completed.event.payload) == ("happened", b"it did")


async def writes(stub: ChaincodeStub) -> Response:
    assert await stub.get_state_validation_parameter("k") == b"policy"
    await stub.put_state("k", b"v")
    await stub.del_state("k")
    await stub.purge_private_data(C, "k")
    await stub.set_state_validation_parameter("k", b"policy")
    async for _ in stub.get_state_by_range("a", "b"):
        break
    return Response.success()


async def test_a_transcript_without_batches(connect: Connect) -> None:
    async with connect(writes) as peer:
        await peer.register()
        tx = await peer.begin("f")
        await tx.expect(
            transcript.get_validation_parameter("k"), answer=transcript.validation_parameter(b"policy")
        )
        await tx.expect(
            transcript.get_state_by_range("a", "b"), answer=transcript.states([KV("a", b"")], more_from="q")
        )
        await tx.expect(transcript.put_state("k", b"v"))
        await tx.expect(transcript.del_state("k"))
        await tx.expect(transcript.purge_private_data(C, "k"))
        await tx.expect(transcript.set_validation_parameter("k", b"policy"))
        await tx.expect(transcript.close_query("q"))
        completed = await tx.completed()
        assert (completed.response.status, completed.event) == (200, None)


async def read(stub: ChaincodeStub) -> Response:
    return Response.success(await stub.get_state("k") or b"")


@pytest.mark.parametrize(
    ("play", "says"),
    [
        (lambda tx: tx.expect(transcript.get_state("other")), "GET_STATE with .* instead of"),
        (lambda tx: tx.expect(transcript.del_state("k")), r"GET_STATE instead of DEL_STATE\."),
        (lambda tx: tx.completed(), r"GET_STATE instead of COMPLETED\."),
        (lambda tx: tx.failed(), r"GET_STATE instead of ERROR\."),
    ],
)
async def test_another_message_than_expected(
    connect: Connect, play: Callable[[object], Awaitable[object]], says: str
) -> None:
    async with connect(read) as peer:
        await peer.register()
        tx = await peer.begin("f")
        with pytest.raises(AssertionError, match=says):
            await play(tx)


async def test_refusals_and_answers_later(connect: Connect) -> None:
    async with connect(read) as peer:
        await peer.register()
        refused, answered = await peer.begin("f"), await peer.begin("f")
        await refused.expect(transcript.get_state("k"), answer=None)
        await answered.expect(transcript.get_state("k"), answer=None)
        await answered.answer(b"v")
        assert (await answered.completed()).response.payload == b"v"
        await refused.answer_error("no")
        assert (await refused.completed()).response.status == 500


async def test_messages_of_another_transaction(connect: Connect) -> None:
    async with connect(read) as peer:
        await peer.register()
        first, second = await peer.begin("f"), await peer.begin("f")
        with pytest.raises(AssertionError, match="another transaction"):
            await second.expect(transcript.get_state("k"))
        assert first.tx_id != second.tx_id


async def test_init_and_silence(connect: Connect) -> None:
    async with connect(read) as peer:
        await peer.register()
        await peer.expect_silence()
        tx = await peer.begin("f", init=True)
        await tx.expect(transcript.get_state("k"), answer=None)
        await tx.answer_error("no")
        assert await tx.failed() == "internal error"


async def test_a_chaincode_that_goes_away(serve: Serve, tls: Tls) -> None:
    client = ClientTls(tls.server_ca, tls.peer.certificate, tls.peer.key)
    async with serve(read) as served, MockPeer.dial(f"127.0.0.1:{served.port}", client) as peer:
        await peer.register()
        await served.server.stop(grace=1)
        await peer.expect_end()
        with pytest.raises(AssertionError, match="ended the stream"):
            await peer.receive_message()
    async with MockPeer.dial(f"127.0.0.1:{served.port}", client) as peer:
        with pytest.raises(AssertionError, match="stream broke"):
            await peer.register()
