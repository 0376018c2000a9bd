"""Stopping a network, and removing it. Neither touches what another network or anybody else has started."""

from __future__ import annotations

import shutil

from fabric_network.errors import NetworkError
from fabric_network.lock import locked
from fabric_network.paths import Layout
from fabric_network.topology import Topology
from fabric_network.up import native_runner


def down(topology: Topology, layout: Layout) -> list[str]:
    """Stop every process of the network; gives their names. Data stays."""
    if not layout.root.exists():
        return []
    with locked(layout.run):
        return native_runner(topology, layout).stop()


def clean(topology: Topology, layout: Layout) -> None:
    """Stop the network and remove its folder. Raises `NetworkError` if the folder is not a network's."""
    if not layout.run.is_dir():
        raise NetworkError(
            f"{layout.root} does not look like a network's folder (it has no {layout.run.name}/)."
        )
    down(topology, layout)
    shutil.rmtree(layout.root)
