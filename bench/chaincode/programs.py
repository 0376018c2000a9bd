"""What the bench runs beside Fabric: contracts in Go and Node, client, peer. Made once, in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fabric_network.binaries import default_cache
from fabric_network.building import Recipe, build

from tests.cache import digest
from tests.npm import NODE, installed

HERE = Path(__file__).parent
GO = HERE / "go"
GO_MODULE = "carechannel.example/bench"
STREAM_PEER = "stream_peer"
NODE_FILES = ("package.json", "package-lock.json", "index.js", "stream.js")


@dataclass(frozen=True)
class Programs:
    """`node_contract` is a folder with its modules beside it."""

    go_contract: Path
    go_client: Path
    node: Path
    node_contract: Path


def provide(progress: Callable[[str], None]) -> Programs:
    """All programs of the comparison, from the cache or made now. Raises `NpmError` or `BinariesError`."""
    packages = (f"{GO_MODULE}/contract", f"{GO_MODULE}/client")
    made = _built("Go contract and client", GO, packages, progress)
    return Programs(made / "contract", made / "client", NODE, node_contract(progress))


def node_contract(progress: Callable[[str], None]) -> Path:
    """The folder of the Node contract with its modules. Raises `NpmError`."""
    return installed([HERE / "node" / name for name in NODE_FILES], progress)


def stream_peer(progress: Callable[[str], None]) -> Path:
    """The scripted peer of `bench.stream`. Raises `BinariesError`."""
    return _built("scripted peer", HERE.parent / STREAM_PEER, (STREAM_PEER,), progress) / STREAM_PEER


def _built(name: str, source: Path, packages: tuple[str, ...], progress: Callable[[str], None]) -> Path:
    """The folder with the programs that `packages` of the Go module in `source` are."""
    version = digest(file for file in source.rglob("*") if file.is_file())
    into = default_cache() / f"bench-{source.name}-{version}"
    build(Recipe(name, source, packages, "main.version=1", cgo=False), into, progress)
    return into
