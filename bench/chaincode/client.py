"""A client program that is told each round as a line of JSON and answers with its figures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO

from bench.chaincode.network import CHANNEL, MEMBERS, Network


class ClientError(Exception):
    """The client ended, or transactions failed that must not; the message says how."""


@dataclass(frozen=True)
class Round:
    """`count` transactions, or as many as go into `seconds`, `in_flight` at a time.

    `{n}` in an argument becomes the transaction's number, counted from `first` (modulo `modulo`, if any).
    """

    chaincode: str
    function: str
    arguments: tuple[str, ...]
    submit: bool
    in_flight: int
    seconds: float = 0.0
    count: int = 0
    first: int = 0
    modulo: int = 0
    transient: Mapping[str, str] = field(default_factory=dict)
    replay: int = 0
    """If not 0, instead: so many of the chaincode's events, from the first block on."""


@dataclass(frozen=True)
class Outcome:
    """Latencies in milliseconds; `next` is the first number that was not used; `errors` by message."""

    transactions: int
    seconds: float
    p50: float
    p95: float
    next: int
    errors: Mapping[str, int]
    result: str

    @property
    def rate(self) -> float:
        """Transactions per second."""
        return self.transactions / self.seconds


class Client:
    """A running client, whose process is `pid`."""

    def __init__(self, commands: IO[str], answers: IO[str], pid: int) -> None:
        self.pid = pid
        self._commands = commands
        self._answers = answers

    def run(self, wanted: Round) -> Outcome:
        """Raises `ClientError` when the client has ended; failed transactions are in the outcome."""
        self._commands.write(json.dumps(asdict(wanted)) + "\n")
        self._commands.flush()
        line = self._answers.readline()
        if not line:
            raise ClientError("The client ended in the middle of a round; what it said stands above.")
        return Outcome(**json.loads(line))

    def must(self, wanted: Round) -> Outcome:
        """As `run`, for what prepares a measurement: no transaction may fail."""
        outcome = self.run(wanted)
        if outcome.errors:
            raise ClientError(f"{wanted.chaincode} {wanted.function}: {dict(outcome.errors)}")
        return outcome


@contextmanager
def connected(program: Sequence[str], network: Network) -> Iterator[Client]:
    """A client of the first member at its peer."""
    member = network.topology.organizations[MEMBERS[0]]
    peer = network.topology.gateway_peer(member.id)
    files = network.layout.organization(member.id)
    msp = files.user("admin").msp
    options = {
        "address": peer.address,
        "name": peer.hostname,
        "root": files.tls_root,
        "msp": member.msp_id,
        "certificate": msp / "signcerts" / "cert.pem",
        "key": msp / "keystore" / "key.pem",
        "channel": CHANNEL,
    }
    arguments = [f"-{name}={value}" for name, value in options.items()]
    with subprocess.Popen(
        [*program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Client(process.stdin, process.stdout, process.pid)
