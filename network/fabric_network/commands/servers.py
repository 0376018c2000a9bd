"""The long-running processes of a network."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from fabric_network.commands.command import Command
from fabric_network.paths import Layout, OrdererLayout, PeerLayout, UserLayout

LOGGING: Mapping[str, str] = {
    "FABRIC_LOGGING_SPEC": "grpc=error:info",
    "FABRIC_LOGGING_FORMAT": (
        "%{time:2006-01-02T15:04:05.000Z07:00} %{level:.4s} [%{module}] %{shortfunc} -> %{message}"
    ),
}
"""Fabric's own format (`common/flogging`) without colours, which have no place in a file."""


def ca_server(layout: Layout, home: Path) -> Command:
    """The CA whose home folder is `home`; all else stands in its configuration file."""
    return Command(layout.bin / "fabric-ca-server", ("start", "--home", str(home)), folder=home)


def orderer(layout: Layout, files: OrdererLayout) -> Command:
    return Command(layout.bin / "orderer", (), {"FABRIC_CFG_PATH": str(files.root), **LOGGING}, files.root)


def peer(layout: Layout, files: PeerLayout) -> Command:
    environment = {"FABRIC_CFG_PATH": str(files.root), **LOGGING}
    return Command(layout.bin / "peer", ("node", "start"), environment, files.root)


def key_agent(profile: Path, identity: UserLayout, home: Path) -> Command:
    """The agent that answers committed requests for its institution."""
    return Command(
        Path(sys.executable),
        ("-m", "carechannel", "agent", "run", "--profile", str(profile), "--identity", str(identity.root)),
        {"PYTHONUNBUFFERED": "1"},
        home,
    )
