"""Scripted nodes, and Fabric's own programs to compare with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fabric_network import binaries
from fabric_network.building import Recipe, build

from tests.unit.sdk.admin.scripted_node import ScriptedNode, scripted_node

TOOLS = Path(__file__).parents[4] / "network" / "tools"


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    async with scripted_node() as running:
        yield running


@pytest.fixture
async def second_node() -> AsyncIterator[ScriptedNode]:
    async with scripted_node() as running:
        yield running


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Fabric's programs, configtxlator among them, which no network needs."""
    folder = tmp_path_factory.mktemp("bin")
    binaries.link(binaries.ensure(), folder)
    fabric = binaries.FABRIC
    recipe = Recipe(
        name=f"configtxlator {fabric.version_text}",
        module_dir=TOOLS / fabric.folder,
        packages=(f"{fabric.module}/cmd/configtxlator",),
        version=f"{fabric.module}/{fabric.version_variable}=v{fabric.version_text}",
        cgo=False,
    )
    built = binaries.default_cache() / f"configtxlator-{fabric.version_text}"
    build(recipe, built, lambda _: None)
    (folder / "configtxlator").symlink_to(built / "configtxlator")
    return folder
