"""Many transactions over one stream, each with one request at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, Response

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
        assert threading.active_count() <= threads
        # Answered backwards: nothing may rest on the order.
        for tx in reversed(begun):
            key = shim.GetState.FromString(asked[tx.tx_id].payload).key
            await tx.answer(f"value of {key}".encode())
        for number, tx in reversed(list(enumerate(begun))):
            response, _ = await tx.completed()
            assert response.payload == f"value of k{number}".encode()


async def _sleep(_stub: ChaincodeStub) -> None:
    await asyncio.sleep(0.01)


async def _yield(_stub: ChaincodeStub) -> None:
    await asyncio.sleep(0)


async def _event(_stub: ChaincodeStub) -> None:
    await asyncio.Event().wait()


async def _gather(stub: ChaincodeStub) -> None:
    await asyncio.gather(stub.get_state("a"), stub.get_state("b"))


async def _future(_stub: ChaincodeStub) -> None:
    loop = asyncio.new_event_loop()
    try:
        await loop.create_future()
    finally:
        loop.close()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(
    ("awaiting", "named"),
    [
        (_sleep, "asyncio.tasks"),
        (_yield, "a bare yield"),
        (_event, "asyncio.locks"),
        (_gather, "asyncio.events"),
        (_future, "_asyncio.Future"),
    ],
)
async def test_awaiting_anything_but_the_stub_ends_the_transaction(
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    awaiting: Callable[[ChaincodeStub], Awaitable[None]],
    named: str,
) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await awaiting(stub)
        return Response.success()

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("f")).completed()
        assert (response.status, response.message) == (500, "internal error")
        assert f"awaited {named}" in caplog.text.replace("something of ", "")
        assert "its own stub only" in caplog.text
        await served.peer.expect_silence()


async def test_another_transactions_stub_cannot_be_used(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    stubs: list[ChaincodeStub] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        stubs.append(stub)
        return Response.success(await stubs[0].get_state("k") or b"")

    async with serve(behaviour) as served:
        first = await served.peer.begin("f")
        await first.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        response, _ = await (await served.peer.begin("g")).completed()
        assert response.message == "internal error"
        assert "another transaction's stub" in caplog.text
        await first.answer(b"v")
        response, _ = await first.completed()
        assert response.payload == b"v"
        # and once the first is over, its stub gives an error
        response, _ = await (await served.peer.begin("h")).completed()
        assert response.message == "internal error"
        assert "LedgerError" in caplog.text
