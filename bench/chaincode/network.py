"""The network of the bench: two members with a peer each; on its channel the contract in each language."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fabric_network.down import clean
from fabric_network.paths import Layout
from fabric_network.topology import NodeKind, Topology, load
from fabric_network.up import Up

from bench.chaincode.programs import HERE, Programs

CHANNEL = "bench"
LANGUAGES = ("py", "node", "go")
MEMBERS = ("a", "b")
COLLECTION = {
    "name": "benchCollection",
    "policy": "OR('AMSP.member', 'BMSP.member')",
    "requiredPeerCount": 0,
    "maxPeerCount": 1,
}


@dataclass(frozen=True)
class Network:
    """A running network."""

    topology: Topology
    layout: Layout

    def chaincode_nodes(self, language: str) -> tuple[str, ...]:
        """The processes of a language's contract, one for each member."""
        nodes = self.topology.nodes_of(NodeKind.CHAINCODE)
        return tuple(node.name for node in nodes if node.local_name == chaincode(language))


def chaincode(language: str) -> str:
    """The name of a language's contract on the channel."""
    return f"bench-{language}"


@contextmanager
def running(
    programs: Programs, folder: Path, base_port: int, progress: Callable[[str], None]
) -> Iterator[Network]:
    """A fresh network below `folder`, with ports from `base_port` on; gone at the end."""
    file = folder / "bench.yaml"
    file.write_text(json.dumps(_document(programs, base_port)))
    network = Network(load(file), Layout(folder, "bench"))
    try:
        Up(network.topology, network.layout, progress, bare=True).run()
        yield network
    finally:
        if network.layout.run.is_dir():
            clean(network.topology, network.layout)


def _document(programs: Programs, base_port: int) -> Mapping[str, object]:
    cli = programs.node_contract / "node_modules" / "fabric-shim" / "cli.js"
    commands = {
        "py": [sys.executable, str(HERE / "python" / "contract.py")],
        "node": [str(programs.node), str(cli), "server", "--module-path", str(programs.node_contract)],
        "go": [str(programs.go_contract)],
    }
    chaincodes = {
        chaincode(language): {"version": "1.0", "command": command, "collections": [COLLECTION]}
        for language, command in commands.items()
    }
    return {
        "name": "bench",
        "ports": {"base": base_port},
        "ordering": {"batch_timeout": "50ms", "max_message_count": 500},
        "organizations": {name: _member(name, orders=name == MEMBERS[0]) for name in MEMBERS},
        "channels": {CHANNEL: {"members": list(MEMBERS), "orderers": [MEMBERS[0]], "chaincodes": chaincodes}},
    }


def _member(name: str, *, orders: bool) -> Mapping[str, object]:
    return {
        "msp_id": f"{name.upper()}MSP",
        "name": f"Member {name.upper()}",
        "domain": f"{name}.example",
        "role": "regulator",
        "jurisdiction": "DE",
        "peers": 1,
        "orderers": int(orders),
    }
