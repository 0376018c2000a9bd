"""A real fabric-ca-server for the tests of `carechannel.sdk`, on free ports, in a temporary folder."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from carechannel.sdk import CertificateAuthority, Enrollment
from fabric_network import binaries
from fabric_network.render.ca import REGISTRAR, ca_server
from fabric_network.topology import NodeKind, load

SECRET = "registrar-secret"
DEV = Path(__file__).parents[3] / "network" / "topologies" / "dev.yaml"


@dataclass(frozen=True)
class RunningCa:
    url: str
    root: Path
    name: str

    def client(self) -> CertificateAuthority:
        return CertificateAuthority(self.url, self.root, self.name)


def free_base() -> int:
    """A port with a free one after it (the CA takes two in a row)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            base: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", base + 1))
            except OSError:
                continue
            return base


@pytest.fixture(scope="session")
def running_ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCa]:
    home = tmp_path_factory.mktemp("ca")
    topology = load(DEV, base_port=free_base())
    node = topology.nodes_of(NodeKind.CA)[0]
    (home / "fabric-ca-server-config.yaml").write_text(ca_server(topology, node, SECRET))
    program = binaries.ensure()[1].folder / "fabric-ca-server"
    with (home / "log").open("w") as log:
        process = subprocess.Popen([program, "start", "--home", str(home)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while "Listening on https" not in (home / "log").read_text():
            assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)
        yield RunningCa(f"https://{node.address}", home / "ca-cert.pem", node.name)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def ca(running_ca: RunningCa) -> CertificateAuthority:
    return running_ca.client()


@pytest.fixture(scope="session")
def registrar(running_ca: RunningCa) -> Enrollment:
    return running_ca.client().enroll(REGISTRAR, SECRET)
