"""A chaincode server on a free loopback port, and a mock peer connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from fabric_shim import Chaincode, ChaincodeServer, ChaincodeStub, Response, TlsConfig
from fabric_shim._internal.limits import Limits
from fabric_shim.blocking import BlockingStub
from fabric_shim.observer import Observer

from tests.protocol.certificates import Authority, KeyPair, write
from tests.protocol.mock_peer import MockPeer, dial

CHAINCODE_ID = "care_1.0:0123456789abcdef"
Behaviour = Callable[[ChaincodeStub], Awaitable[Response]]


@dataclass(frozen=True)
class Tls:
    """The server's files, and a client certificate of the CA that the server trusts."""

    config: TlsConfig
    server_ca: bytes
    peer: KeyPair


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder: Path = tmp_path_factory.mktemp("tls")
    server_ca, client_ca = Authority("server ca"), Authority("client ca")
    server = server_ca.issue("chaincode")
    config = TlsConfig(
        write(folder, "server.crt", server.certificate),
        write(folder, "server.key", server.key),
        write(folder, "client-ca.crt", client_ca.certificate),
    )
    return Tls(config, server_ca.certificate, client_ca.issue("peer0"))


class Plain(Chaincode):
    """A chaincode of plain functions that does what the test says."""

    def __init__(self, behaviour: Callable[[BlockingStub], Response]) -> None:
        self._behaviour = behaviour

    def invoke(self, stub: BlockingStub) -> Response:  # type: ignore[override]
        return self._behaviour(stub)


class Scripted(Chaincode):
    """A chaincode that does what the test says."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    async def init(self, stub: ChaincodeStub) -> Response:
        return await self._behaviour(stub)

    async def invoke(self, stub: ChaincodeStub) -> Response:
        return await self._behaviour(stub)


@dataclass(frozen=True)
class Served:
    server: ChaincodeServer
    peer: MockPeer
    port: int


class Serve(Protocol):
    """Serves a behaviour, or a whole chaincode, and gives a peer that has registered it."""

    def __call__(
        self,
        behaviour: Behaviour | Chaincode,
        *,
        limits: Limits | None = None,
        observer: Observer | None = None,
    ) -> AbstractAsyncContextManager[Served]: ...


@pytest.fixture
def serve(tls: Tls) -> Serve:
    """See :class:`Serve`."""

    @asynccontextmanager
    async def serving(
        behaviour: Behaviour | Chaincode, *, limits: Limits | None = None, observer: Observer | None = None
    ) -> AsyncIterator[Served]:
        chaincode = behaviour if isinstance(behaviour, Chaincode) else Scripted(behaviour)
        server = ChaincodeServer(
            chaincode, CHAINCODE_ID, "127.0.0.1:0", tls.config, limits=limits, observer=observer
        )
        port = await server.start()
        try:
            async with dial(port, tls.server_ca, tls.peer) as peer:
                assert await peer.register() == CHAINCODE_ID
                yield Served(server, peer, port)
        finally:
            await server.stop(grace=1)

    return serving
