"""Runs the applications of this folder with Node and with the gateway client that Fabric publishes on npm."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carechannel.profile import Profile
from pydantic import TypeAdapter

from tests.npm import NODE, installed
from tests.scenarios.conftest import Network

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
    with _command(application, channel, organizations) as command:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return dict(_step(json.loads(line)) for line in ended.stdout.splitlines())


def node_organization(network: Network, name: str) -> Mapping[str, str]:
    """What `join` in application.js needs of an organisation, as its user1."""
    profile = Profile.load(network.profile(name))
    peer = profile.peer(profile.care.gateway_peer)
    roots = network.root / f"{name}-tls-roots.pem"
    roots.write_text(peer.tls_roots.text)
    msp = network.user(name, "user1") / "msp"
    (certificate,) = (msp / "signcerts").iterdir()
    (key,) = (msp / "keystore").iterdir()
    return {
        "mspId": profile.msp_id,
        "endpoint": peer.address,
        "serverName": peer.options.server_name or "",
        "tlsRoots": str(roots),
        "certificate": str(certificate),
        "key": str(key),
    }


@contextmanager
def conversation(
    application: str, channel: str, organizations: Sequence[Mapping[str, str]]
) -> Iterator[Callable[[Mapping[str, object]], dict[str, Any]]]:
    """An application that is asked and answers in lines of JSON."""
    with (
        _command(application, channel, organizations) as command,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def ask(question: Mapping[str, object]) -> dict[str, Any]:
            questions.write(json.dumps(question) + "\n")
            questions.flush()
            answer: dict[str, Any] = json.loads(answers.readline())
            return answer

        yield ask


@contextmanager
def _command(
    application: str, channel: str, organizations: Sequence[Mapping[str, str]]
) -> Iterator[list[str]]:
    """The command that runs an application, in a folder with all that it needs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for script in HERE.glob("*.js"):
            shutil.copy(script, home)
        shutil.copy(HERE / "package.json", home)
        (home / "node_modules").symlink_to(installed(_PINNED) / "node_modules")
        network = home / "network.json"
        network.write_text(json.dumps({"channel": channel, "organizations": organizations}))
        yield [str(NODE), str(home / f"{application}.js"), str(network)]


def _step(line: dict[str, object]) -> tuple[str, Step]:
    name = str(line.pop("step"))
    return name, _STEP.validate_python(line)
