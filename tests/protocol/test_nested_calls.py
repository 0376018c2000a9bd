"""A chaincode that calls itself on another channel does not wait for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import proposal_response_pb2
from fabric_shim import Chaincode, ChaincodeStub, Response
from fabric_shim._internal.limits import Limits
from fabric_shim._internal.workers import Workers
from fabric_shim.blocking import BlockingStub

from tests.protocol.conftest import Plain, Scripted, Serve
from tests.protocol.mock_peer import ChaincodeMessage
from tests.waiting import eventually

CALLERS = 6


def _coroutines() -> Chaincode:
    async def behaviour(stub: ChaincodeStub) -> Response:
        if stub.get_args()[0] == b"called":
            return Response.success(await stub.get_state("k") or b"")
        return Response.success((await stub.invoke_chaincode("own", ["called"], "other")).payload)

    return Scripted(behaviour)


def _plain() -> Chaincode:
    def behaviour(stub: BlockingStub) -> Response:
        if stub.get_args()[0] == b"called":
            return Response.success(stub.get_state("k") or b"")
        return Response.success(stub.invoke_chaincode("own", ["called"], "other").payload)

    return Plain(behaviour)


def _returned(payload: bytes) -> bytes:
    response = proposal_response_pb2.Response(status=200, payload=payload)
    completed = ChaincodeMessage(type=ChaincodeMessage.COMPLETED, payload=response.SerializeToString())
    return completed.SerializeToString()


@pytest.mark.parametrize("make", [_coroutines, _plain])
async def test_callers_hold_neither_slots_nor_threads(serve: Serve, make: Callable[[], Chaincode]) -> None:
    limits = Limits(running=1, worker_threads=1)
    async with serve(make(), limits=limits) as served:
        callers = [await served.peer.begin("call") for _ in range(CALLERS)]
        for _ in callers:
            assert (await served.peer.receive()).type == ChaincodeMessage.INVOKE_CHAINCODE
        # One slot and one thread are there for what they have called.
        for caller in reversed(callers):
            called = await served.peer.begin("called")
            await called.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            await called.answer(b"v")
            response, _ = await called.completed()
            await caller.answer(_returned(response.payload))
            response, _ = await caller.completed()
            assert response.payload == b"v"


@pytest.mark.parametrize("make", [_coroutines, _plain])
async def test_more_callers_than_there_may_be_are_told(serve: Serve, make: Callable[[], Chaincode]) -> None:
    async with serve(make(), limits=Limits(running=1, worker_threads=1, calling=2)) as served:
        callers = [await served.peer.begin("call") for _ in range(2)]
        for _ in callers:
            assert (await served.peer.receive()).type == ChaincodeMessage.INVOKE_CHAINCODE
        response, _ = await (await served.peer.begin("call")).completed()
        assert "busy with 2 calls of chaincodes; try again" in response.payload.decode()
        await callers[0].answer_error("no such chaincode")
        response, _ = await callers[0].completed()
        assert response.payload == b"no such chaincode"
        again = await served.peer.begin("call")
        assert (await again.receive()).type == ChaincodeMessage.INVOKE_CHAINCODE


async def test_callers_whose_peer_is_lost_are_given_up(serve: Serve) -> None:
    threads = threading.active_count()
    async with serve(_plain(), limits=Limits(running=1, worker_threads=1)) as served:
        for _ in range(CALLERS):
            await served.peer.begin("call")
            await served.peer.receive()
        served.peer.hang_up()
    await eventually(lambda: threading.active_count() <= threads)


def _call_down(workers: Workers, done: list[int], depth: int) -> None:
    if depth == 0:
        return
    over = threading.Event()

    def next_one() -> None:
        _call_down(workers, done, depth - 1)
        done.append(depth)
        over.set()

    workers.submit(next_one)
    with workers.away():
        assert over.wait(10)


async def test_one_worker_serves_any_depth_of_calls_again_and_again() -> None:
    workers = Workers(threads=1)
    threads = threading.active_count()
    done: list[int] = []
    for round_number in range(20):
        workers.submit(lambda: _call_down(workers, done, 5))
        workers.submit(lambda: _call_down(workers, done, 5))
        await eventually(lambda wanted=10 * (round_number + 1): len(done) == wanted)  # type: ignore[misc]
    workers.close()
    await eventually(lambda: threading.active_count() <= threads)


async def test_threads_that_came_back_leave_the_work_to_as_many_as_there_may_be() -> None:
    workers = Workers(threads=2)
    running, most, done = 0, 0, 0
    changing, called = threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal running, most, done
        with changing:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with changing:
            running -= 1
            done += 1

    def call() -> None:
        with workers.away():
            called.wait(10)

    for _ in range(8):
        workers.submit(call)
    workers.submit(called.set)
    await asyncio.to_thread(called.wait, 10)
    for _ in range(30):
        workers.submit(work)
    await eventually(lambda: done == 30)
    assert most <= 2
    workers.close()
