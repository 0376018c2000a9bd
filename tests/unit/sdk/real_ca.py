"""Fabric CA servers as the network runs them, on free ports, for tests."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from carechannel.sdk import CertificateAuthority
from fabric_network import binaries
from fabric_network.render.ca import YEAR, ca_server
from fabric_network.topology import NodeKind, load

SECRET = "registrar-secret"
DEV = Path(__file__).parents[3] / "network" / "topologies" / "dev.yaml"


@dataclass(frozen=True)
class RunningCa:
    url: str
    root: Path
    name: str
    home: Path

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


def configured(config: str, tls_expiry: str) -> str:
    """The network's own configuration, with removals allowed and another lifetime for TLS certificates."""
    document = yaml.safe_load(config)
    document["cfg"] = {"identities": {"allowremove": True}, "affiliations": {"allowremove": True}}
    document["signing"]["profiles"]["tls"]["expiry"] = tls_expiry
    return str(yaml.safe_dump(document))


@contextmanager
def started(home: Path, *, tls_expiry: str = YEAR) -> Iterator[RunningCa]:
    topology = load(DEV, base_port=free_base())
    node = topology.nodes_of(NodeKind.CA)[0]
    config = configured(ca_server(topology, node, SECRET), tls_expiry)
    (home / "fabric-ca-server-config.yaml").write_text(config)
    program = binaries.ensure()[1].folder / "fabric-ca-server"
    with (home / "log").open("w") as log:
        process = subprocess.Popen([program, "start", "--home", str(home)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while "Listening on https" not in (home / "log").read_text():
            assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)
        yield RunningCa(f"https://{node.address}", home / "ca-cert.pem", node.name, home)
    finally:
        process.terminate()
        process.wait(10)
