"""What the scenarios ask of a ledger that serves the probe contract (tests/protocol/probe.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cryptography import x509

HOME = "AMSP"
"""The caller's organisation. Its peer endorses, unless a scenario asks another."""
OTHER = "BMSP"
OTHER_CHAINCODE = "probe2"
"""The same contract once more, on the same channel."""
OTHER_CHANNEL = "other-channel"
"""Another channel of the same peers, with the probe contract."""
HOME_COLLECTION = f"_implicit_org_{HOME}"


@dataclass(frozen=True)
class Submitted:
    """A committed, valid transaction."""

    tx_id: str
    payload: bytes


@dataclass(frozen=True)
class Recorded:
    """What the block shows of a transaction of the probe; private keys and values as SHA-256.

    `called_writes` are the public writes of the chaincode that it called.
    """

    timestamp: datetime
    event: tuple[str, bytes] | None
    reads: set[str]
    ranges: list[tuple[str, str]]
    writes: dict[str, bytes | None]
    private_reads: dict[str, set[bytes]]
    private_writes: dict[str, dict[bytes, bytes | None]]
    called_writes: dict[str, bytes | None] = field(default_factory=dict)


class RefusedError(Exception):
    """The chaincode refused: status and message of its response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class InvalidError(Exception):
    """Committed, but not valid: Fabric's validation code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"validation code {code}")
        self.code = code


class Ledger(Protocol):
    """A channel with the probe contract and one caller of `HOME`, who has the role auditor."""

    @property
    def channel(self) -> str: ...

    @property
    def certificate(self) -> x509.Certificate:
        """The caller's."""

    async def submit(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
        endorsers: Sequence[str] = (HOME,),
    ) -> Submitted:
        """Endorse at the peers of `endorsers`, commit, wait. Raises `RefusedError`, `InvalidError`."""

    async def evaluate(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
        peer: str = HOME,
        chaincode: str = "probe",
    ) -> bytes:
        """Call at the peer of `peer` when it has everything that was submitted. Raises `RefusedError`."""

    async def race(self, *calls: Sequence[str]) -> list[int]:
        """Endorse all calls (function, arguments) first, commit them in order, give the validation codes."""

    async def recorded(self, tx_id: str) -> Recorded:
        """What members find in the block."""


async def ask(ledger: Ledger, function: str, *arguments: str, peer: str = HOME) -> Any:
    """Evaluate a function whose result is JSON."""
    return json.loads(await ledger.evaluate(function, *arguments, peer=peer))
