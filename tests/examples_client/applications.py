"""Runs the applications of this folder with Node and with the gateway client that Fabric publishes on npm."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from tests.npm import NODE, installed

HERE = Path(__file__).parent
_PINNED = (HERE / "package.json", HERE / "package-lock.json")


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
        (home / "node_modules").symlink_to(installed(_PINNED) / "node_modules")
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
