"""Every request of the protocol: how it looks, what a refusal does, what an unreadable answer does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from fabric_protos.peer import chaincode_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import proposal_response_pb2 as responses
from fabric_shim import ChaincodeStub, Response
from fabric_shim.errors import LedgerError, QueryNotSupportedError
from google.protobuf.message import Message

from tests.protocol.conftest import Serve, Tls
from tests.protocol.mock_peer import ChaincodeMessage, MockPeer, dial

C = "_implicit_org_AMSP"
GARBAGE = b"\xff\xff"
Kind = shim.ChaincodeMessage
Use = Callable[[ChaincodeStub], Awaitable[object]]


@dataclass(frozen=True)
class Case:
    """A use of the stub, the request that it makes, and for answers that are read their empty form."""

    use: Use
    kind: int
    request: Message
    read: bool = field(default=True)


async def everything(found: AsyncIterator[object]) -> list[object]:
    return [item async for item in found]


async def flushed(stub: ChaincodeStub, write: Awaitable[None]) -> None:
    await write
    await stub.finish_write_batch()


def paging(size: int, bookmark: str) -> bytes:
    return shim.QueryMetadata(pageSize=size, bookmark=bookmark).SerializeToString()


POLICY = shim.StateMetadata(metakey="VALIDATION_PARAMETER", value=b"policy")
COMPOSITE = shim.GetStateByRange(startKey="\0", endKey="\0\U0010ffff", metadata=paging(3, "m"))
CASES = {
    "GET_STATE": Case(lambda s: s.get_state("k"), Kind.GET_STATE, shim.GetState(key="k"), read=False),
    "GET_STATE private": Case(
        lambda s: s.get_private_data(C, "k"),
        Kind.GET_STATE,
        shim.GetState(key="k", collection=C),
        read=False,
    ),
    "GET_PRIVATE_DATA_HASH": Case(
        lambda s: s.get_private_data_hash(C, "k"),
        Kind.GET_PRIVATE_DATA_HASH,
        shim.GetState(key="k", collection=C),
        read=False,
    ),
    "GET_STATE_MULTIPLE": Case(
        lambda s: s.get_multiple_states("k", "l"),
        Kind.GET_STATE_MULTIPLE,
        shim.GetStateMultiple(keys=["k", "l"]),
    ),
    "GET_STATE_METADATA": Case(
        lambda s: s.get_state_validation_parameter("k"),
        Kind.GET_STATE_METADATA,
        shim.GetStateMetadata(key="k"),
    ),
    "GET_STATE_METADATA private": Case(
        lambda s: s.get_private_data_validation_parameter(C, "k"),
        Kind.GET_STATE_METADATA,
        shim.GetStateMetadata(key="k", collection=C),
    ),
    "GET_STATE_BY_RANGE": Case(
        lambda s: everything(s.get_state_by_range("a", "b")),
        Kind.GET_STATE_BY_RANGE,
        shim.GetStateByRange(startKey="a", endKey="b"),
    ),
    "GET_STATE_BY_RANGE all composite keys": Case(
        lambda s: s.get_all_states_composite_key_with_pagination(3, "m"), Kind.GET_STATE_BY_RANGE, COMPOSITE
    ),
    "GET_QUERY_RESULT": Case(
        lambda s: everything(s.get_query_result('{"selector":{}}')),
        Kind.GET_QUERY_RESULT,
        shim.GetQueryResult(query='{"selector":{}}'),
    ),
    "GET_QUERY_RESULT page": Case(
        lambda s: s.get_query_result_with_pagination("{}", 7, "m"),
        Kind.GET_QUERY_RESULT,
        shim.GetQueryResult(query="{}", metadata=paging(7, "m")),
    ),
    "GET_QUERY_RESULT private": Case(
        lambda s: everything(s.get_private_data_query_result(C, "{}")),
        Kind.GET_QUERY_RESULT,
        shim.GetQueryResult(query="{}", collection=C),
    ),
    "GET_HISTORY_FOR_KEY": Case(
        lambda s: everything(s.get_history_for_key("k")),
        Kind.GET_HISTORY_FOR_KEY,
        shim.GetHistoryForKey(key="k"),
    ),
    "PUT_STATE": Case(
        lambda s: flushed(s, s.put_private_data(C, "k", b"v")),
        Kind.PUT_STATE,
        shim.PutState(key="k", value=b"v", collection=C),
        read=False,
    ),
    "DEL_STATE": Case(
        lambda s: flushed(s, s.del_private_data(C, "k")),
        Kind.DEL_STATE,
        shim.DelState(key="k", collection=C),
        read=False,
    ),
    "PURGE_PRIVATE_DATA": Case(
        lambda s: flushed(s, s.purge_private_data(C, "k")),
        Kind.PURGE_PRIVATE_DATA,
        shim.PurgePrivateState(key="k", collection=C),
        read=False,
    ),
    "PUT_STATE_METADATA": Case(
        lambda s: flushed(s, s.set_state_validation_parameter("k", b"policy")),
        Kind.PUT_STATE_METADATA,
        shim.PutStateMetadata(key="k", metadata=POLICY),
        read=False,
    ),
    "PUT_STATE_METADATA private": Case(
        lambda s: flushed(s, s.set_private_data_validation_parameter(C, "k", b"policy")),
        Kind.PUT_STATE_METADATA,
        shim.PutStateMetadata(key="k", collection=C, metadata=POLICY),
        read=False,
    ),
    "WRITE_BATCH_STATE": Case(
        lambda s: flushed(s, s.put_state("k", b"v")),
        Kind.WRITE_BATCH_STATE,
        shim.WriteBatchState(rec=[shim.WriteRecord(key="k", value=b"v", type=shim.WriteRecord.PUT_STATE)]),
        read=False,
    ),
    "INVOKE_CHAINCODE": Case(
        lambda s: s.invoke_chaincode("other", [b"f", "ä", b""]),
        Kind.INVOKE_CHAINCODE,
        chaincode_pb2.ChaincodeSpec(
            chaincode_id=chaincode_pb2.ChaincodeID(name="other"),
            input=chaincode_pb2.ChaincodeInput(args=[b"f", "ä".encode(), b""]),
        ),
    ),
    "INVOKE_CHAINCODE on another channel": Case(
        lambda s: s.invoke_chaincode("other", [], "second-channel"),
        Kind.INVOKE_CHAINCODE,
        chaincode_pb2.ChaincodeSpec(
            chaincode_id=chaincode_pb2.ChaincodeID(name="other/second-channel"),
            input=chaincode_pb2.ChaincodeInput(),
        ),
    ),
}
BATCHED = ("GET_STATE_MULTIPLE", "WRITE_BATCH_STATE")
every_request = pytest.mark.parametrize("name", CASES)


async def connect(peer: MockPeer, name: str) -> None:
    size = 1000 if name in BATCHED else 1
    await peer.register(write_batch=size, get_multiple=size)


@every_request
async def test_requests_and_their_refusals(serve: Serve, tls: Tls, name: str) -> None:
    case = CASES[name]
    answers: list[object] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        if case.kind == Kind.INVOKE_CHAINCODE:
            called = await stub.invoke_chaincode("other", [b"f"])
            assert (called.status, called.message, called.payload) == (500, "", b"the peer says no")
            return Response.error("seen")
        with pytest.raises(LedgerError, match=r"^the peer says no$") as refused:
            await case.use(stub)
        assert refused.value.tx_id == stub.get_tx_id()
        return Response.error("seen")

    async def asking(stub: ChaincodeStub) -> Response:
        answers.append(await case.use(stub))
        return Response.success()

    async with serve(asking) as served, dial(served.port, tls.server_ca, tls.peer) as peer:
        await connect(peer, name)
        tx = await peer.begin("f")
        await tx.expect(case.kind, case.request)
        await peer.expect_silence()
    async with serve(behaviour) as served, dial(served.port, tls.server_ca, tls.peer) as peer:
        await connect(peer, name)
        tx = await peer.begin("f")
        assert (await tx.receive()).type == case.kind
        await tx.answer_error("the peer says no")
        response, _ = await tx.completed()
        assert response.message == "seen"
    assert answers == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.read])
async def test_an_unreadable_answer_ends_its_transaction(serve: Serve, tls: Tls, name: str) -> None:
    case = CASES[name]

    async def behaviour(stub: ChaincodeStub) -> Response:
        await case.use(stub)
        return Response.success()

    async with serve(behaviour) as served, dial(served.port, tls.server_ca, tls.peer) as peer:
        await connect(peer, name)
        tx = await peer.begin("f")
        assert (await tx.receive()).type == case.kind
        await tx.answer(GARBAGE)
        response, _ = await tx.completed()
        assert (response.status, response.message) == (500, "internal error")
        await peer.expect_silence()


async def answered(serve: Serve, use: Use, *answers: bytes | Message) -> object:
    """What a use of the stub gives when its requests are answered so."""
    results: list[object] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        results.append(await use(stub))
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        for answer in answers:
            await tx.receive()
            await tx.answer(answer)
        response, _ = await tx.completed()
        assert response.status == 200
    return results[0]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([POLICY], b"policy"),
        ([shim.StateMetadata(metakey="OTHER", value=b"x"), POLICY], b"policy"),
        ([shim.StateMetadata(metakey="OTHER", value=b"x")], None),
        ([shim.StateMetadata(metakey="VALIDATION_PARAMETER")], None),
        ([], None),
    ],
)
async def test_validation_parameters(
    serve: Serve, entries: list[shim.StateMetadata], expected: bytes | None
) -> None:
    answer = shim.StateMetadataResult(entries=entries)
    assert await answered(serve, lambda s: s.get_state_validation_parameter("k"), answer) == expected
    asked = await answered(serve, lambda s: s.get_private_data_validation_parameter(C, "k"), answer)
    assert asked == expected


def call_result(status: int, message: str = "", payload: bytes = b"") -> Message:
    response = responses.Response(status=status, message=message, payload=payload)
    return ChaincodeMessage(type=ChaincodeMessage.COMPLETED, payload=response.SerializeToString())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (call_result(200, "fine", b"result"), (200, "fine", b"result")),
        (call_result(500, "no: As asked.", b"x"), (500, "no: As asked.", b"x")),
        (call_result(404), (404, "", b"")),
        (ChaincodeMessage(type=ChaincodeMessage.ERROR, payload=b"broken"), (500, "", b"broken")),
    ],
)
async def test_called_chaincodes_answer(
    serve: Serve, answer: Message, expected: tuple[int, str, bytes]
) -> None:
    async def use(stub: ChaincodeStub) -> object:
        called = await stub.invoke_chaincode("other", [b"f"])
        return called.status, called.message, called.payload

    assert await answered(serve, use, answer) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GET_QUERY_RESULT", "GET_QUERY_RESULT failed: ExecuteQuery not supported for leveldb"),
        ("GET_QUERY_RESULT private", "ExecuteQuery not supported for leveldb"),
        ("GET_QUERY_RESULT page", "ExecuteQueryWithMetadata not supported for leveldb"),
    ],
)
async def test_rich_queries_on_leveldb(serve: Serve, name: str, text: str) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        with pytest.raises(QueryNotSupportedError, match="CouchDB") as refused:
            await CASES[name].use(stub)
        assert refused.value.code == "query-not-supported"
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.receive()
        await tx.answer_error(text)
        response, _ = await tx.completed()
        assert response.status == 200
