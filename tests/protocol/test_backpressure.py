"""More work than is good for the process: it waits, is refused in time, or is not read."""

from __future__ import annotations

import asyncio

from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, LedgerError, Response
from fabric_shim._internal.limits import Limits
from fabric_shim._internal.writer import Writer
from fabric_shim.observer import Observers, Unrun

from tests.protocol.conftest import Serve, Tls
from tests.protocol.mock_peer import ChaincodeMessage, dial
from tests.waiting import eventually

MEGABYTE = 1024 * 1024


async def _read_k(stub: ChaincodeStub) -> Response:
    return Response.success(await stub.get_state("k") or b"")


class _Turned(Observers):
    def __init__(self) -> None:
        super().__init__()
        self.turned_away_for: list[str] = []

    def turned_away(self, reason: Unrun) -> None:
        self.turned_away_for.append(reason)


async def test_transactions_beyond_the_limit_wait_then_are_refused(serve: Serve) -> None:
    async with serve(_read_k, limits=Limits(running=2, waiting=3)) as served:
        begun = [await served.peer.begin(f"f{number}") for number in range(5)]
        for tx in begun[:2]:
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await served.peer.expect_silence()
        text = await (await served.peer.begin("one too many")).failed()
        assert "busy with 5 transactions; try again" in text
        # Answers are read while others wait, and each end lets the next one in.
        for number, tx in enumerate(begun):
            await tx.answer(b"v")
            response, _ = await tx.completed()
            assert response.payload == b"v"
            if number + 2 < len(begun):
                await begun[number + 2].expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        # and there is room again
        again = await served.peer.begin("again")
        await again.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))


async def test_the_size_of_what_waits_is_limited(serve: Serve) -> None:
    told = _Turned()
    async with serve(_read_k, limits=Limits(held_bytes=8 * MEGABYTE), observer=told) as served:
        large = await served.peer.begin("f", bytes(3 * MEGABYTE))
        await large.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        assert "busy" in await (await served.peer.begin("f")).failed()
        await large.answer(b"v")
        await large.completed()
        small = await served.peer.begin("f")
        await small.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        # The message is counted with what is made of it: twice these 3 MiB are more than the 8 MiB.
        assert told.turned_away_for == ["busy"]


async def test_what_is_turned_away_is_told_to_observers(serve: Serve) -> None:
    told = _Turned()
    async with serve(_read_k, limits=Limits(running=1, waiting=0), observer=told) as served:
        running = await served.peer.begin("f")
        await running.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await (await served.peer.begin("one too many")).failed()
        stopping = asyncio.create_task(served.server.stop(grace=10))
        await eventually(lambda: served.server.unhealthy() == "stopping")
        text = await (await served.peer.begin("too late")).failed()
        assert "stopping" in text
        await running.answer(b"v")
        await running.completed()
        await stopping
    assert told.turned_away_for == ["busy", "stopping"]


async def test_waiting_transactions_end_with_their_stream(serve: Serve, tls: Tls) -> None:
    ran: list[str] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        ran.append(stub.get_string_args()[0])
        return await _read_k(stub)

    async with serve(behaviour, limits=Limits(running=1)) as served:
        running = await served.peer.begin("first")
        await running.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await served.peer.begin("second")
        await served.peer.expect_silence()
        served.peer.hang_up()
        async with dial(served.port, tls.server_ca, tls.peer) as other:
            await other.register()
            tx = await other.begin("third")
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            await tx.answer(b"v")
            await tx.completed()
    assert ran == ["first", "third"]


async def test_waiting_transactions_are_drained(serve: Serve) -> None:
    async with serve(_read_k, limits=Limits(running=1)) as served:
        begun = [await served.peer.begin(f"f{number}") for number in range(3)]
        await begun[0].expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await served.peer.expect_silence()
        stopping = asyncio.create_task(served.server.stop(grace=10))
        for number, tx in enumerate(begun):
            if number:
                await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            await tx.answer(b"v")
            await tx.completed()
        await served.peer.expect_end()
        await stopping


async def test_large_messages(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        size = int(stub.get_args()[1])
        if stub.get_args()[0] == b"respond":
            return Response.success(bytes(size))
        if stub.get_args()[0] == b"put":
            await stub.put_state("k", bytes(size))
            return Response.success()
        try:
            await stub.get_query_result("q" * size)
        except LedgerError as error:
            return Response.error(str(error))
        return Response.success()

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("respond", str(99 * MEGABYTE))).completed()
        assert len(response.payload) == 99 * MEGABYTE
        text = await (await served.peer.begin("respond", str(100 * MEGABYTE))).failed()
        assert "The response has 1048" in text
        response, _ = await (await served.peer.begin("put", str(100 * MEGABYTE))).completed()
        assert response.message == "internal error"
        tx = await served.peer.begin("put", str(30 * MEGABYTE))
        message = await served.peer.receive()
        assert len(message.payload) > 30 * MEGABYTE
        await tx.answer()
        await tx.completed()


async def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    class Stuck:
        """A stream whose other side takes nothing until it is told to."""

        def __init__(self) -> None:
            self.taking = asyncio.Event()
            self.written = 0

        async def read(self) -> bytes | None:
            return None

        async def write(self, message: bytes) -> None:
            await self.taking.wait()
            self.written += len(message)

    stream = Stuck()
    writer = Writer(stream)
    running = asyncio.create_task(writer.run())
    sent = 0
    while not writer.full:
        writer.send(bytes(MEGABYTE))
        sent += MEGABYTE
        await asyncio.sleep(0)
    assert sent < 100 * MEGABYTE
    room = asyncio.create_task(writer.room())
    await asyncio.sleep(0.02)
    assert not room.done()
    stream.taking.set()
    await room
    writer.finish()
    await running
    assert stream.written == sent


async def test_a_flood_without_reading_is_stopped_by_flow_control(serve: Serve) -> None:
    async with serve(_read_k) as served:
        keepalive = ChaincodeMessage(type=ChaincodeMessage.KEEPALIVE, payload=bytes(MEGABYTE))
        frame = keepalive.SerializeToString()
        sent = 0
        enough = False

        async def flood() -> None:
            nonlocal sent
            while not enough:
                await served.peer.send_raw(frame)
                sent += 1

        flooding = asyncio.create_task(flood())
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.5)
        enough = True
        assert 10 < sent < 400
        # It reads again: everything that went in comes back, the one included that could not leave.
        for _ in range(sent + 1):
            assert (await served.peer.receive()).type == ChaincodeMessage.KEEPALIVE
        await flooding
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
