"""Results of queries over several messages: batches, pages, and how they are freed."""

from __future__ import annotations

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, Response
from fabric_shim.errors import LedgerError

from tests.protocol.conftest import Serve
from tests.protocol.mock_peer import ChaincodeMessage, Transaction
from tests.protocol.test_ledger_requests import keys, kvs

RANGE = shim.GetStateByRange(startKey="a", endKey="z")


async def begin(tx: Transaction, *found: str, query_id: str) -> None:
    await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, RANGE)
    await tx.answer(kvs(*found, query_id=query_id, more=True))


async def close(tx: Transaction, query_id: str) -> None:
    await tx.expect(ChaincodeMessage.QUERY_STATE_CLOSE, shim.QueryStateClose(id=query_id))
    await tx.answer(shim.QueryResponse(id=query_id))


async def test_what_a_loop_leaves_is_freed_at_the_end(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        async for _ in stub.get_state_by_range("a", "z"):
            break
        async for _ in stub.get_state_by_range("a", "z"):
            break
        found = stub.get_state_by_range("a", "z")
        assert len([kv async for kv in found]) == 3
        stub.get_history_for_key("never begun")
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await begin(tx, "a", "b", query_id="q1")
        await begin(tx, "a", "b", query_id="q2")
        await begin(tx, "a", "b", query_id="q3")
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="q3"))
        await tx.answer(kvs("c", query_id="q3"))
        await close(tx, "q1")
        await close(tx, "q2")
        response, _ = await tx.completed()
        assert response.status == 200


async def test_batches_may_be_empty_or_large(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        return Response.success(keys([kv async for kv in stub.get_state_by_range("a", "z")]))

    many = [f"k{number}" for number in range(1500)]
    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await begin(tx, query_id="q")
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="q"))
        await tx.answer(kvs(*many, query_id="q", more=True))
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="q"))
        await tx.answer(kvs(query_id="q"))
        response, _ = await tx.completed()
        assert response.payload == ",".join(many).encode()


async def test_a_query_refused_in_its_middle_is_over(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        seen = 0
        with pytest.raises(LedgerError, match="gone"):
            async with stub.get_state_by_range("a", "z") as found:
                async for _ in found:
                    seen += 1
        assert [kv async for kv in found] == []
        return Response.success(str(seen).encode())

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await begin(tx, "a", "b", query_id="q")
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="q"))
        await tx.answer_error("gone")
        response, _ = await tx.completed()
        assert response.payload == b"2"


async def test_a_refused_close_fails_the_transaction(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        async with stub.get_state_by_range("a", "z") as found:
            await anext(found)
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await begin(tx, "a", query_id="q")
        await tx.expect(ChaincodeMessage.QUERY_STATE_CLOSE, shim.QueryStateClose(id="q"))
        await tx.answer_error("no")
        response, _ = await tx.completed()
        assert response.status == 500


async def test_pages_keep_bookmark_and_count_and_are_read_to_their_end(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        page = await stub.get_query_result_with_pagination("{}", 2)
        assert page.fetched_records_count == 2
        return Response.success(keys(page.items) + b"|" + page.bookmark.encode())

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        metadata = shim.QueryMetadata(pageSize=2).SerializeToString()
        asked = shim.GetQueryResult(query="{}", metadata=metadata)
        await tx.expect(ChaincodeMessage.GET_QUERY_RESULT, asked)
        await tx.answer(kvs("a", "b", query_id="q", more=True, bookmark="next"))
        await tx.expect(ChaincodeMessage.QUERY_STATE_NEXT, shim.QueryStateNext(id="q"))
        await tx.answer(kvs("c", query_id="q"))
        response, _ = await tx.completed()
        assert response.payload == b"a,b,c|next"
