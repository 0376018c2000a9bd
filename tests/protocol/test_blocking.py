"""Handlers that block, compute or hang cost their own transaction's time and nobody else's."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import Chaincode, ChaincodeStub, LedgerError, Response
from fabric_shim._internal.limits import Limits
from fabric_shim.blocking import BlockingStub, run_blocking

from tests.protocol.conftest import Plain, Scripted, Serve, Tls
from tests.protocol.mock_peer import ChaincodeMessage, MockPeer, dial
from tests.waiting import eventually

PROMPTLY = 1.5


@contextlib.contextmanager
def promptly() -> Iterator[None]:
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < PROMPTLY


class Gate:
    """Holds up those who pass it until it is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.held = 0

    def sleep(self) -> None:
        self.held += 1
        self._open.wait(20)

    def burn(self) -> None:
        self.held += 1
        while not self._open.is_set():
            sum(range(1000))

    def open(self) -> None:
        self._open.set()


def _async_chaincode(hold: Callable[[], None]) -> Chaincode:
    async def behaviour(stub: ChaincodeStub) -> Response:
        if stub.get_args()[0] == b"hold":
            hold()
        return Response.success(await stub.get_state("k") or b"")

    return Scripted(behaviour)


def _plain_chaincode(hold: Callable[[], None]) -> Chaincode:
    def behaviour(stub: BlockingStub) -> Response:
        if stub.get_args()[0] == b"hold":
            hold()
        return Response.success(stub.get_state("k") or b"")

    return Plain(behaviour)


async def _read(peer: MockPeer, name: str = "read") -> None:
    tx = await peer.begin(name)
    await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
    await tx.answer(b"v")
    response, _ = await tx.completed()
    assert response.payload == b"v"


@pytest.mark.parametrize("way", ["sleep", "burn"])
@pytest.mark.parametrize("make", [_async_chaincode, _plain_chaincode])
async def test_a_blocking_handler_stalls_nobody_else(
    serve: Serve, tls: Tls, make: Callable[[Callable[[], None]], Chaincode], way: str
) -> None:
    gate = Gate()
    async with serve(make(getattr(gate, way))) as served:
        running = await served.peer.begin("read")
        await running.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        holding = await served.peer.begin("hold")
        await eventually(lambda: gate.held == 1)
        try:
            with promptly():
                await served.peer.expect_silence()
            with promptly():
                await running.answer(b"v")
                response, _ = await running.completed()
                assert response.payload == b"v"
            with promptly():
                await _read(served.peer)
            with promptly():
                async with dial(served.port, tls.server_ca, tls.peer) as other:
                    await other.register()
                    await _read(other)
        finally:
            gate.open()
        await holding.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await holding.answer(b"v")
        response, _ = await holding.completed()
        assert response.payload == b"v"


async def test_many_blocking_handlers_give_their_threads_back(serve: Serve) -> None:
    gate = Gate()
    async with serve(_async_chaincode(gate.sleep)) as served:
        await _read(served.peer)
        threads = threading.active_count()
        holding = [await served.peer.begin("hold") for _ in range(20)]
        await eventually(lambda: gate.held == len(holding))
        with promptly():
            await _read(served.peer)
        gate.open()
        for _ in holding:
            assert (await served.peer.receive()).type == ChaincodeMessage.GET_STATE
        await eventually(lambda: threading.active_count() <= threads)


async def test_more_plain_functions_than_threads_wait(serve: Serve) -> None:
    gate = Gate()
    async with serve(_plain_chaincode(gate.sleep), limits=Limits(worker_threads=3)) as served:
        threads = threading.active_count()
        holding = [await served.peer.begin("hold") for _ in range(10)]
        await eventually(lambda: gate.held == 3)
        with promptly():
            await served.peer.expect_silence()
        assert threading.active_count() <= threads + 3 + 1
        gate.open()
        completed = 0
        while completed < len(holding):
            message = await served.peer.receive()
            if message.type == ChaincodeMessage.COMPLETED:
                completed += 1
                continue
            assert message.type == ChaincodeMessage.GET_STATE
            await served.peer.send(
                ChaincodeMessage.RESPONSE, payload=b"v", tx_id=message.txid, channel=message.channel_id
            )
        assert gate.held == len(holding)


@pytest.mark.parametrize("make", [_async_chaincode, _plain_chaincode])
async def test_a_handler_that_hangs_does_not_hold_up_the_stop(
    serve: Serve, make: Callable[[Callable[[], None]], Chaincode]
) -> None:
    gate = Gate()
    async with serve(make(gate.sleep)) as served:
        await served.peer.begin("hold")
        await eventually(lambda: gate.held == 1)
        with promptly():
            await served.server.stop(grace=0.2)
        gate.open()


async def test_plain_functions_use_the_ledger(serve: Serve) -> None:
    def behaviour(stub: BlockingStub) -> Response:
        stub.put_state("a", b"1")
        with pytest.raises(LedgerError):
            stub.get_state("refused")
        found = [kv.key for kv in stub.get_state_by_range("", "")]
        with stub.get_state_by_range("x", "y") as left:
            found.append(next(left).key)
        stub.set_event("done")
        return Response.success(",".join(found).encode())

    async with serve(Plain(behaviour)) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="refused"))
        await tx.answer_error("no")
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, shim.GetStateByRange(startKey="\x01"))
        await tx.answer(_page("p", "q"))
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, shim.GetStateByRange(startKey="x", endKey="y"))
        await tx.answer(_page("x1", more="id"))
        await tx.expect(ChaincodeMessage.QUERY_STATE_CLOSE, shim.QueryStateClose(id="id"))
        await tx.answer()
        await tx.expect(ChaincodeMessage.PUT_STATE, shim.PutState(key="a", value=b"1"))
        await tx.answer()
        response, message = await tx.completed()
        assert response.payload == b"p,q,x1"
        assert message.chaincode_event.event_name == "done"


async def test_threads_of_a_plain_function_take_turns(serve: Serve) -> None:
    def behaviour(stub: BlockingStub) -> Response:
        values: dict[str, bytes | None] = {}
        threads = [
            threading.Thread(target=lambda key=key: values.__setitem__(key, stub.get_state(key)))
            for key in "abc"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Response.success(b"".join(values[key] or b"" for key in "abc"))

    async with serve(Plain(behaviour)) as served:
        tx = await served.peer.begin("f")
        for _ in range(3):
            message = await served.peer.receive()
            await served.peer.expect_silence()
            await tx.answer(shim.GetState.FromString(message.payload).key.upper().encode())
        response, _ = await tx.completed()
        assert response.payload == b"ABC"


async def test_a_late_call_of_a_plain_function_is_refused(serve: Serve) -> None:
    late: list[str] = []
    over = threading.Event()

    def behaviour(stub: BlockingStub) -> Response:
        def afterwards() -> None:
            over.wait(5)
            try:
                stub.get_state("k")
            except LedgerError as error:
                late.append(str(error))

        threading.Thread(target=afterwards).start()
        return Response.success()

    async with serve(Plain(behaviour)) as served:
        await (await served.peer.begin("f")).completed()
        over.set()
        await eventually(lambda: len(late) == 1)
        assert "over" in late[0]
        await served.peer.expect_silence()


async def test_plain_functions_waiting_for_a_lost_peer_end(serve: Serve) -> None:
    ended: list[str] = []

    def behaviour(stub: BlockingStub) -> Response:
        try:
            stub.get_state("k")
        finally:
            ended.append("ended")
        return Response.success()

    async with serve(Plain(behaviour)) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        served.peer.hang_up()
        await eventually(lambda: ended == ["ended"])


async def test_run_blocking_inside_a_coroutine(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        value = await run_blocking(stub, lambda blocking: blocking.get_state("k"))
        with pytest.raises(ZeroDivisionError):
            await run_blocking(stub, lambda _: 1 // 0)
        return Response.success(value or b"")

    async with serve(behaviour) as served:
        await _read(served.peer)


def _page(*keys: str, more: str = "") -> bytes:
    from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV

    results = [shim.QueryResultBytes(resultBytes=KV(key=key).SerializeToString()) for key in keys]
    return shim.QueryResponse(results=results, has_more=bool(more), id=more).SerializeToString()
