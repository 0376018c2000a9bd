"""SIGTERM: running transactions finish, new ones are refused, then the process ends."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, Response

from tests.protocol.chaincode_process import READER, environment, running
from tests.protocol.conftest import CHAINCODE_ID, Serve, Tls
from tests.protocol.mock_peer import ChaincodeMessage, MockPeer, dial

SLEEPER = """
import sys, time
from fabric_shim import Chaincode, Response, serve

class Sleeper(Chaincode):
    async def invoke(self, stub):
        await stub.get_state("k")
        time.sleep(60)

class PlainSleeper(Chaincode):
    def invoke(self, stub):
        stub.get_state("k")
        time.sleep(60)

sys.exit(serve(KIND()))
"""


async def test_sigterm_drains(tls: Tls) -> None:
    async with running(READER, environment(tls)) as process:
        async with dial(await process.port(), tls.server_ca, tls.peer) as peer:
            assert await peer.register() == CHAINCODE_ID
            tx = await peer.begin("f")
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            process.signal(signal.SIGTERM)
            while not (refusal := await _refused(peer)):
                pass
            assert "stopping" in refusal
            await process.printed("Stopping: waiting up to 30 s for 1 running transactions")
            await tx.answer(b"v")
            response, _ = await tx.completed()
            assert response.payload == b"v"
            await peer.expect_end()
        assert await process.ended() == 0


async def _refused(peer: MockPeer) -> str | None:
    """Start a transaction; give the text of its refusal, None if the signal has not arrived yet."""
    await asyncio.sleep(0.02)
    tx = await peer.begin("g")
    message = await peer.receive()
    if message.type == ChaincodeMessage.ERROR:
        return message.payload.decode()
    await tx.answer(b"early")
    await tx.completed()
    return None


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_at_once(tls: Tls, second: signal.Signals) -> None:
    async with (
        running(READER, environment(tls)) as process,
        dial(await process.port(), tls.server_ca, tls.peer) as peer,
    ):
        await peer.register()
        tx = await peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        process.signal(signal.SIGTERM)
        await process.printed("Stopping: waiting")
        process.signal(second)
        assert await process.ended(3) == -second
        assert "Traceback" not in process.output


async def test_a_function_that_sleeps_holds_the_process_no_longer_than_the_grace(tls: Tls) -> None:
    for kind in ("Sleeper", "PlainSleeper"):
        program = SLEEPER.replace("KIND", kind)
        async with running(program, environment(tls, CHAINCODE_GRACE="0.5")) as process:
            async with dial(await process.port(), tls.server_ca, tls.peer) as peer:
                await peer.register()
                tx = await peer.begin("f")
                await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
                await tx.answer(b"v")
                await asyncio.sleep(0.1)
                since = time.monotonic()
                process.signal(signal.SIGTERM)
                assert await process.ended() == 0
            assert time.monotonic() - since < 4
            assert "waiting up to 0.5 s for 1 running transactions" in process.output
            assert "gave up 1 running transactions" in process.output


async def test_idle_streams_end_at_once(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        return Response.success()

    async with serve(behaviour) as served:
        await (await served.peer.begin("f")).completed()
        async with asyncio.timeout(2):
            await asyncio.gather(served.server.stop(grace=30), served.peer.expect_end())


async def test_a_transaction_that_never_ends_is_cut_off(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        return Response.success(await stub.get_state("k") or b"")

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        async with asyncio.timeout(3):
            await served.server.stop(grace=0.2)
