"""SIGTERM: running transactions finish, new ones are refused, then the process ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, Response

from tests.protocol.conftest import CHAINCODE_ID, Serve, Tls
from tests.protocol.mock_peer import ChaincodeMessage, MockPeer, dial

PROGRAM = """
import sys
from fabric_shim import Chaincode, Response, serve

class Reader(Chaincode):
    async def invoke(self, stub):
        return Response.success(await stub.get_state("k"))

sys.exit(serve(Reader()))
"""


async def test_sigterm_drains(tls: Tls, unused_tcp_port: int) -> None:
    environment = os.environ | {
        "CHAINCODE_ID": CHAINCODE_ID,
        "CHAINCODE_SERVER_ADDRESS": f"127.0.0.1:{unused_tcp_port}",
        "CHAINCODE_TLS_CERT_FILE": str(tls.config.certificate),
        "CHAINCODE_TLS_KEY_FILE": str(tls.config.key),
        "CHAINCODE_CLIENT_CA_FILE": str(tls.config.client_ca),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(10):
            assert b"Serving" in await process.stderr.readline()
        async with dial(unused_tcp_port, tls.server_ca, tls.peer) as peer:
            assert await peer.register() == CHAINCODE_ID
            running = await peer.begin("f")
            await running.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            process.send_signal(signal.SIGTERM)
            while not (refusal := await _refused(peer)):
                pass
            assert "stopping" in refusal
            await running.answer(b"v")
            response, _ = await running.completed()
            assert response.payload == b"v"
            await peer.expect_end()
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


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
