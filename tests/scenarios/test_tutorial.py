"""The tutorial on a real network: each command is typed as it stands in docs/chaincode/README.md."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.docs.pages import Typed
from tests.docs.terminal import Terminal
from tests.docs.walk import walk
from tests.scenarios.conftest import free_port_base

SECTIONS = ["Run it", "Call it", "Debug it", "Run it on any Fabric network", "Tidy up"]


def test_the_tutorial(tmp_path: Path) -> None:
    try:
        walk("README.md", SECTIONS, tmp_path, first_port=free_port_base())
    finally:
        with closing(Terminal(tmp_path)) as terminal:
            terminal.type(Typed("carechannel-network down --topology network.yaml --build-dir build", ""))
