"""The pages of docs/client on a real network: files are written and commands typed as they stand there."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.docs.pages import Typed
from tests.docs.terminal import Terminal
from tests.docs.walk import walk
from tests.npm import NODE
from tests.scenarios.conftest import free_port_base

NETWORK = ["A network to talk to"]
TEN_MINUTES = ["Read and write", "Follow events", "Without asyncio"]


def test_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(NODE.parent), prepend=os.pathsep)
    port = free_port_base()
    try:
        walk("../client/README.md", [*NETWORK, *TEN_MINUTES], tmp_path, first_port=port)
        walk("../client/events.md", ["Checkpoints", "Blocks"], tmp_path, first_port=port)
        walk("../client/offline-signing.md", ["A browser or a phone as signer"], tmp_path, first_port=port)
        walk("../client/submitting.md", ["A key for each request"], tmp_path, first_port=port)
    finally:
        with closing(Terminal(tmp_path)) as terminal:
            terminal.type(Typed("carechannel-network down --topology network.yaml --build-dir build", ""))
