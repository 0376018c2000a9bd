"""Every ledger request of the stub, message by message in both directions."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import KV, ChaincodeStub, KeyModification, Response

from tests.protocol.conftest import Behaviour, Serve
from tests.protocol.mock_peer import ChaincodeMessage

COLLECTION = "_implicit_org_AMSP"


def kvs(*keys: str, query_id: str = "q", more: bool = False, bookmark: str = "") -> shim.QueryResponse:
    metadata = shim.QueryResponseMetadata(fetched_records_count=len(keys), bookmark=bookmark)
    return shim.QueryResponse(
        results=[
            shim.QueryResultBytes(
                resultBytes=kv_query_result_pb2.KV(
                    namespace="care", key=key, value=b"value of " + key.encode()
                ).SerializeToString()
            )
            for key in keys
        ],
        has_more=more,
        id=query_id,
        metadata=metadata.SerializeToString() if bookmark else b"",
    )


def keys(items: list[KV] | tuple[KV, ...]) -> bytes:
    assert all(item.value == b"value of " + item.key.encode() for item in items)
    return ",".join(item.key for item in items).encode()


async def test_get_put_delete(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        absent = await stub.get_state("nothing")
        found = await stub.get_state("k")
        await stub.put_state("k", b"new")
        await stub.del_state("old")
        return Response.success(repr((absent, found)).encode())

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="nothing"))
        await tx.answer()
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await tx.answer(b"there")
        await tx.expect(ChaincodeMessage.PUT_STATE, shim.PutState(key="k", value=b"new"))
        await tx.answer()
        await tx.expect(ChaincodeMessage.DEL_STATE, shim.DelState(key="old"))
        await tx.answer()
        response, _ = await tx.completed()
        assert response.payload == b"(None, b'there')"


async def test_private_data(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        value = await stub.get_private_data(COLLECTION, "k")
        digest = await stub.get_private_data_hash(COLLECTION, "k")
        absent = await stub.get_private_data_hash(COLLECTION, "nothing")
        await stub.put_private_data(COLLECTION, "k", b"new")
        await stub.del_private_data(COLLECTION, "old")
        await stub.purge_private_data(COLLECTION, "older")
        assert value is not None
        assert digest == hashlib.sha256(value).digest()
        assert absent is None
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k", collection=COLLECTION))
        await tx.answer(b"v")
        asked = shim.GetState(key="k", collection=COLLECTION)
        await tx.expect(ChaincodeMessage.GET_PRIVATE_DATA_HASH, asked)
        await tx.answer(hashlib.sha256(b"v").digest())
        asked = shim.GetState(key="nothing", collection=COLLECTION)
        await tx.expect(ChaincodeMessage.GET_PRIVATE_DATA_HASH, asked)
        await tx.answer()
        put = shim.PutState(key="k", value=b"new", collection=COLLECTION)
        await tx.expect(ChaincodeMessage.PUT_STATE, put)
        await tx.answer()
        await tx.expect(ChaincodeMessage.DEL_STATE, shim.DelState(key="old", collection=COLLECTION))
        await tx.answer()
        purge = shim.PurgePrivateState(key="older", collection=COLLECTION)
        await tx.expect(ChaincodeMessage.PURGE_PRIVATE_DATA, purge)
        await tx.answer()
        response, _ = await tx.completed()
        assert response.status == 200


async def _simple(stub: ChaincodeStub) -> Response:
    return Response.success(keys([kv async for kv in stub.get_state_by_range("", "")]))


async def _composite(stub: ChaincodeStub) -> Response:
    found = stub.get_state_by_partial_composite_key("record", ["a"])
    return Response.success(keys([kv async for kv in found]))


async def _private(stub: ChaincodeStub) -> Response:
    found = stub.get_private_data_by_range(COLLECTION, "a", "b")
    return Response.success(keys([kv async for kv in found]))


async def _private_composite(stub: ChaincodeStub) -> Response:
    found = stub.get_private_data_by_partial_composite_key(COLLECTION, "record", [])
    return Response.success(keys([kv async for kv in found]))


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (_simple, shim.GetStateByRange(startKey="\x01")),
        (
            _composite,
            shim.GetStateByRange(startKey="\x00record\x00a\x00", endKey="\x00record\x00a\x00\U0010ffff"),
        ),
        (_private, shim.GetStateByRange(startKey="a", endKey="b", collection=COLLECTION)),
        (
            _private_composite,
            shim.GetStateByRange(
                startKey="\x00record\x00", endKey="\x00record\x00\U0010ffff", collection=COLLECTION
            ),
        ),
    ],
)
async def test_ranges_come_in_batches(
    serve: Serve, behaviour: Behaviour, expected: shim.GetStateByRange
) -> None:
    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, expected)
        await tx.answer(kvs("a", "b", query_id="q7", more=True))
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="q7"))
        await tx.answer(kvs("c", query_id="q7"))
        # The peer has freed its iterator by itself: no QUERY_STATE_CLOSE.
        response, _ = await tx.completed()
        assert response.payload == b"a,b,c"


async def test_empty_range(serve: Serve) -> None:
    async with serve(_simple) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, shim.GetStateByRange(startKey="\x01"))
        await tx.answer(kvs())
        response, _ = await tx.completed()
        assert response.payload == b""


async def test_leaving_early_closes_the_query(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        async with stub.get_state_by_range("a", "z") as found:
            first = await anext(found)
        assert [kv async for kv in found] == []
        return Response.success(first.key.encode())

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        asked = shim.GetStateByRange(startKey="a", endKey="z")
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, asked)
        await tx.answer(kvs("a", "b", query_id="q8", more=True))
        await tx.expect(ChaincodeMessage.QUERY_STATE_CLOSE, shim.QueryStateClose(id="q8"))
        await tx.answer(shim.QueryResponse(id="q8"))
        response, _ = await tx.completed()
        assert response.payload == b"a"


async def test_pages_keep_their_bookmark(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        first = await stub.get_state_by_range_with_pagination("", "", 2)
        second = await stub.get_state_by_partial_composite_key_with_pagination(
            "t", [], 2, bookmark=first.bookmark
        )
        assert second.bookmark == ""
        return Response.success(keys(first.items + second.items))

    def metadata(bookmark: str) -> bytes:
        return shim.QueryMetadata(pageSize=2, bookmark=bookmark).SerializeToString()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        asked = shim.GetStateByRange(startKey="\x01", metadata=metadata(""))
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, asked)
        await tx.answer(kvs("a", "b", bookmark="c"))
        asked = shim.GetStateByRange(
            startKey="\x00t\x00", endKey="\x00t\x00\U0010ffff", metadata=metadata("c")
        )
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, asked)
        await tx.answer(kvs("c"))
        response, _ = await tx.completed()
        assert response.payload == b"a,b,c"


async def test_history(serve: Serve) -> None:
    found: list[KeyModification] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        found.extend([change async for change in stub.get_history_for_key("k")])
        return Response.success()

    def change(tx_id: str, value: bytes, *, deleted: bool) -> shim.QueryResultBytes:
        modification = kv_query_result_pb2.KeyModification(tx_id=tx_id, value=value, is_delete=deleted)
        modification.timestamp.seconds = 1_700_000_000
        modification.timestamp.nanos = 123_456_789
        return shim.QueryResultBytes(resultBytes=modification.SerializeToString())

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_HISTORY_FOR_KEY, shim.GetHistoryForKey(key="k"))
        batch = shim.QueryResponse(results=[change("t2", b"", deleted=True)], has_more=True, id="h")
        await tx.answer(batch)
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="h"))
        await tx.answer(shim.QueryResponse(results=[change("t1", b"v", deleted=False)], id="h"))
        await tx.completed()

    timestamp = datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
    assert found == [
        KeyModification("t2", b"", timestamp, is_delete=True),
        KeyModification("t1", b"v", timestamp, is_delete=False),
    ]


async def test_values_beyond_grpc_default_limit(serve: Serve) -> None:
    big = bytes(8 * 1024 * 1024)

    async def behaviour(stub: ChaincodeStub) -> Response:
        value = await stub.get_state("k")
        assert value is not None
        await stub.put_state("k", value)
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await tx.answer(big)
        await tx.expect(ChaincodeMessage.PUT_STATE, shim.PutState(key="k", value=big))
        await tx.answer()
        response, _ = await tx.completed()
        assert response.status == 200
