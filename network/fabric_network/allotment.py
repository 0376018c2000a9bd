"""Which ports a network was made with: they stand in its channels' configurations, so they stay."""

from __future__ import annotations

import json
from pathlib import Path

from fabric_network.errors import NetworkError
from fabric_network.files import write
from fabric_network.paths import Layout
from fabric_network.topology import Topology


def known_base(layout: Layout) -> int | None:
    """The first port of the network that lies in `layout`, or None if there is none yet."""
    file = _file(layout)
    return int(json.loads(file.read_text())["base"]) if file.is_file() else None


def keep(topology: Topology, layout: Layout) -> None:
    """Remember the ports of `topology`. Raises `NetworkError` if the network in `layout` has others."""
    file = _file(layout)
    nodes = {node.name: dict(node.ports) for node in topology.nodes()}
    if file.is_file():
        kept = json.loads(file.read_text())["nodes"]
        moved = [name for name, ports in nodes.items() if kept.get(name, ports) != ports]
        if moved:
            raise NetworkError(
                f"The network in {layout.root} was made with other ports than those asked for ({moved[0]}), "
                "and its channels' configurations name them. Leave out --ports (PORTS=), give a new network "
                "another name, or remove this one: carechannel-network clean"
            )
    write(file, json.dumps({"base": topology.ports.base, "nodes": nodes}, indent=2) + "\n")


def _file(layout: Layout) -> Path:
    return layout.root / "ports.json"
