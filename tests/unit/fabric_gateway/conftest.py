from __future__ import annotations

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from fabric_gateway import Gateway, Identity, Network, connect, signers
from fabric_protos.gateway import gateway_pb2_grpc

from tests.unit.fabric_gateway.fake_gateway import FakeGateway
from tests.unit.fabric_gateway.people import Credentials, self_signed


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    return self_signed("somebody")


@pytest.fixture
def identity(credentials: Credentials) -> Identity:
    return Identity("Org1MSP", credentials.certificate_pem)


@pytest.fixture
def fake() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
async def address(fake: FakeGateway) -> AsyncIterator[str]:
    server = grpc.aio.server()
    gateway_pb2_grpc.add_GatewayServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
async def gateway(address: str, identity: Identity, credentials: Credentials) -> AsyncIterator[Gateway]:
    signer = signers.ecdsa(credentials.key_pem)
    async with await connect(address=address, identity=identity, signer=signer) as connected:
        yield connected


@pytest.fixture
def network(gateway: Gateway) -> Network:
    return gateway.network("channel1")
