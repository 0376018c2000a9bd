"""Three organisations, five peers, and a gateway at each of them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from carechannel.profile import Profile
from fabric_gateway import Gateway, Identity, connect, signers

from tests.scenarios.conftest import Network, free_port_base

REPOSITORY = Path(__file__).parents[3]
TOPOLOGY = REPOSITORY / "tests" / "scenarios" / "topologies" / "gateway.yaml"
CHANNEL = "mychannel"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stops peers runs last: the gateway takes a while to know of them again."""
    places = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    own = sorted(
        [items[place] for place in places], key=lambda item: item.path.name == "test_stopped_peers.py"
    )
    for place, item in zip(places, own, strict=True):
        items[place] = item


class Fabric:
    """The running network, whose peers are stopped and started by the scenarios."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def start(self) -> None:
        """Start what is not running, the peers and chaincodes that a scenario stopped."""
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTHONPATH", str(REPOSITORY), prepend=os.pathsep)
            self.network.must("up", "--bare", "--topology", str(TOPOLOGY))

    def stop(self, *nodes: str) -> None:
        """Kill nodes, such as `peer0.org3`, and wait for their ends."""
        reply = self.network.command("status", "--json", "--topology", str(TOPOLOGY))
        assert reply.stdout, reply.stderr
        pids = {node["node"]: node["pid"] for node in _nodes(reply.stdout)}
        for node in nodes:
            process = psutil.Process(pids[node])
            process.send_signal(signal.SIGKILL)
            process.wait(10)

    def msp_id(self, organization: str) -> str:
        return Profile.load(self.network.profile(organization)).msp_id

    def credentials(self, organization: str, alias: str = "user1") -> tuple[Identity, bytes]:
        """Somebody's identity, and private key in PEM."""
        msp = self.network.user(organization, alias) / "msp"
        (certificate,) = (msp / "signcerts").iterdir()
        (key,) = (msp / "keystore").iterdir()
        return Identity(self.msp_id(organization), certificate.read_bytes()), key.read_bytes()

    def peer(self, organization: str, index: int = 0) -> dict[str, Any]:
        """What `connect` needs to reach a peer."""
        peer = Profile.load(self.network.profile(organization)).peer(
            f"peer{index}.{organization}.example.com"
        )
        return {
            "address": peer.address,
            "tls_root_pem": peer.tls_roots.text.encode(),
            "server_name": peer.options.server_name,
        }

    @asynccontextmanager
    async def gateway(
        self, organization: str = "org1", index: int = 0, *, signing: bool = True, **options: Any
    ) -> AsyncIterator[Gateway]:
        """Connected as the organisation's user1 at one of its peers."""
        identity, key = self.credentials(organization)
        async with await connect(
            **self.peer(organization, index),
            identity=identity,
            signer=signers.ecdsa(key) if signing else None,
            **options,
        ) as gateway:
            yield gateway


def _nodes(status: str) -> list[dict[str, Any]]:
    told: dict[str, Any] = json.loads(status)
    nodes: list[dict[str, Any]] = told["nodes"]
    return nodes


@pytest.fixture(scope="package")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    network = Network("gateway", tmp_path_factory.mktemp("gateway"), free_port_base())
    running = Fabric(network)
    try:
        running.start()
        yield running
    finally:
        network.must("down")


@pytest.fixture
async def gateway(fabric: Fabric) -> AsyncIterator[Gateway]:
    """User1 of Org1 at its first peer."""
    async with fabric.gateway() as connected:
        yield connected
