"""One real network for all scenarios: brought up on free ports, removed afterwards."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from carechannel import CareChannel, Consortium
from carechannel.identity import Identity
from carechannel.profile import Profile
from fabric_gateway import Gateway, connect, signers
from fabric_gateway import Identity as GatewayIdentity

CHANNEL = "regional-care"
SECOND_CHANNEL = "cancer-registry"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the scenarios; those that stop nodes run late, the scan reads what all of them left."""
    here = Path(__file__).parent
    scenarios = [item for item in items if here in item.path.parents]
    for item in scenarios:
        item.add_marker(pytest.mark.network)
    late = {"test_crash.py": 1, "test_privacy_scan.py": 2, "test_ledger_audit.py": 3}
    items.sort(key=lambda item: (here in item.path.parents, late.get(item.path.name, 0)))


def free_port_base(span: int = 100) -> int:
    """Find a base port with ``span`` free ports after it, below the kernel's ephemeral range."""
    for base in range(18000, 32000, span):
        if all(_is_free(port) for port in range(base, base + span)):
            return base
    raise RuntimeError("no free range of ports for the test network")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Network:
    """A running network: where it lies and how to reach it as one of its people."""

    name: str
    build_dir: Path
    port_base: int

    @property
    def root(self) -> Path:
        return self.build_dir / self.name

    def profile(self, organization: str) -> Path:
        return self.root / "profiles" / f"{organization}.json"

    def user(self, organization: str, alias: str) -> Path:
        return self.root / "orgs" / organization / "users" / alias

    def command(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run ``carechannel-network`` on this network."""
        return subprocess.run(
            self.argv(*arguments), capture_output=True, text=True, timeout=timeout, check=False
        )

    def argv(self, *arguments: str) -> list[str]:
        where = ["--name", self.name, "--build-dir", str(self.build_dir)]
        if arguments[0] in {"up", "status"}:
            where += ["--ports", str(self.port_base)]
        return [str(Path(sys.executable).with_name("carechannel-network")), *arguments, *where]

    def must(self, *arguments: str) -> str:
        reply = self.command(*arguments)
        assert reply.returncode == 0, f"{arguments}: {reply.stdout}\n{reply.stderr}"
        return reply.stdout

    def status(self) -> dict[str, object]:
        reply = self.command("status", "--json")
        told: dict[str, object] = json.loads(reply.stdout)
        assert reply.returncode == (0 if told["healthy"] else 1)
        return told

    @asynccontextmanager
    async def consortium(
        self, organization: str, alias: str, channel: str = CHANNEL
    ) -> AsyncIterator[Consortium]:
        """Connect as a person of an organisation, the way hospital IT does."""
        async with CareChannel.connect(self.profile(organization), self.user(organization, alias)) as care:
            yield care.consortium(channel)

    @asynccontextmanager
    async def gateway(
        self, organization: str, identity: Identity | str, peer: str | None = None
    ) -> AsyncIterator[Gateway]:
        """Connect below the health layer, for what a member could do with other software."""
        profile = Profile.load(self.profile(organization))
        if isinstance(identity, str):
            identity = Identity.load(self.user(organization, identity), profile.msp_id)
        reached = profile.peer(peer or profile.care.gateway_peer)
        async with await connect(
            address=reached.address,
            tls_root_pem=reached.tls_roots.text.encode(),
            server_name=reached.options.server_name,
            identity=GatewayIdentity(identity.msp_id, identity.certificate_pem),
            signer=signers.ecdsa(identity.private_key_pem),
        ) as gateway:
            yield gateway


def start(name: str, build_dir: Path) -> Network:
    network = Network(name, build_dir, free_port_base())
    try:
        network.must("up")
    except BaseException:
        network.command("down")
        raise
    return network


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    build_dir = tmp_path_factory.mktemp("network")
    running = start("scenarios", build_dir)
    try:
        yield running
    finally:
        running.must("down")
        if "CARECHANNEL_KEEP" not in os.environ:
            shutil.rmtree(build_dir, ignore_errors=True)
