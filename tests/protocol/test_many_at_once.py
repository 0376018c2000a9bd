"""Many transactions over one stream, and one transaction that does many things at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, LedgerError, Response

from tests.protocol.conftest import Serve
from tests.protocol.mock_peer import ChaincodeMessage

MANY = 200


async def test_answers_reach_their_transactions(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        value = await stub.get_state(stub.get_args()[0].decode())
        return Response.success(value or b"")

    async with serve(behaviour) as served:
        threads = threading.active_count()
        begun = [await served.peer.begin(f"k{i}") for i in range(MANY)]
        asked = {message.txid: message for message in [await served.peer.receive() for _ in begun]}
        assert len(asked) == MANY
        assert threading.active_count() == threads
        # Answered backwards: nothing may rest on the order.
        for tx in reversed(begun):
            key = shim.GetState.FromString(asked[tx.tx_id].payload).key
            await tx.answer(f"value of {key}".encode())
        for number, tx in reversed(list(enumerate(begun))):
            response, _ = await tx.completed()
            assert response.payload == f"value of k{number}".encode()


async def test_one_request_at_a_time_per_transaction(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        values = await asyncio.gather(*(stub.get_state(key) for key in "abc"))
        return Response.success(b"".join(value or b"" for value in values))

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        for key in "abc":
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key=key))
            await served.peer.expect_silence()
            await tx.answer(key.upper().encode())
        response, _ = await tx.completed()
        assert response.payload == b"ABC"


async def test_abandoned_request_does_not_take_the_next_ones_answer(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stub.get_state("slow"), timeout=0.01)
        try:
            await stub.get_state("next")
        except LedgerError:
            return Response.error("no more requests")
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="slow"))
        response, _ = await tx.completed()
        assert response.message == "no more requests"
        await tx.answer(b"late")
        await served.peer.expect_silence()


async def test_a_request_after_the_response_is_refused(serve: Serve) -> None:
    late: list[asyncio.Task[bytes | None]] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        async def afterwards() -> bytes | None:
            await asyncio.sleep(0.01)
            return await stub.get_state("k")

        late.append(asyncio.create_task(afterwards()))
        return Response.success()

    async with serve(behaviour) as served:
        await (await served.peer.begin("f")).completed()
        (result,) = await asyncio.gather(*late, return_exceptions=True)
        assert isinstance(result, LedgerError)
        await served.peer.expect_silence()
