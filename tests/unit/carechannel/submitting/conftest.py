from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from carechannel.submitting import (
    ConnectedPeer,
    FileRecords,
    Idempotency,
    Limits,
    Records,
    Retry,
    Submitter,
)
from carechannel.submitting.sql_records import TABLE, SqlRecords
from fabric_gateway import signers
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.postgresql import PostgreSql
from tests.unit.carechannel.submitting.gateways import CHAINCODE, CHANNEL, Chain, FakePeer, connected
from tests.unit.fabric_gateway.people import Credentials, self_signed

QUICK = Limits(evaluate=1, endorse=1, submit=1, commit_status=1, settle=0.05, call=5)


@dataclass
class Site:
    """Three gateway peers before one chain, and what a submitter needs to use them."""

    chain: Chain
    peers: list[FakePeer]
    connections: list[ConnectedPeer]
    credentials: Credentials
    folder: Path

    def submitter(self, **options: Any) -> Submitter:
        records = FileRecords(self.folder)
        given: dict[str, Any] = {
            "channel": CHANNEL,
            "chaincode": CHAINCODE,
            "signer": signers.ecdsa(self.credentials.key_pem),
            "idempotency": Idempotency(records, records.fingerprint_key),
            "limits": QUICK,
            "retry": Retry(attempts=5, first_pause=0.01, longest_pause=0.05),
            "draw": random.Random(4).random,
        }
        return Submitter(self.connections, **(given | options))

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Which peer was asked for which step; the order is right within a peer."""
        return [(peer.name, step) for peer in self.peers for step in peer.calls]


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    return self_signed("somebody")


@pytest.fixture
async def site(credentials: Credentials, tmp_path: Path) -> AsyncIterator[Site]:
    chain = Chain()
    peers = [FakePeer(f"peer{number}", chain) for number in range(3)]
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(connected(peer, credentials)) for peer in peers]
        yield Site(chain, peers, connections, credentials, tmp_path / "submissions")


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    server = PostgreSql()
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


@dataclass
class Store:
    """A kind of store, and other processes' views of the same records."""

    kind: str
    open: Callable[[], Records]


@pytest.fixture(params=["file", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "file":
        yield Store("file", lambda: FileRecords(tmp_path / "records"))
        return
    url = f"sqlite+aiosqlite:///{tmp_path}/records.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("database")
    engines: list[AsyncEngine] = []

    def opened() -> Records:
        engines.append(create_async_engine(url))
        return SqlRecords(engines[-1], lease=0.6)

    first = opened()
    assert isinstance(first, SqlRecords)
    await first.create_table()
    async with engines[0].begin() as connection:
        await connection.execute(TABLE.delete())
    yield Store(request.param, opened)
    for engine in engines:
        await engine.dispose()
