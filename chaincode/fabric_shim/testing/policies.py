"""Endorsement policies: the signature policy language, and whether a set of signers satisfies a policy.

Source: Fabric common/policydsl/policyparser.go (language), common/cauthdsl/cauthdsl.go (evaluation).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fabric_shim.errors import ConfigurationError

_PRINCIPAL: Final = re.compile(r"([A-Za-z0-9.-]+)\.(admin|member|client|peer|orderer)")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<word>[A-Za-z]+)|(?P<number>[0-9]+)|(?P<text>'[^']*'|\"[^\"]*\")|(?P<mark>[(),]))"
)
_NUMBER: Final = re.compile(r"[0-9]+|'[0-9]+'|\"[0-9]+\"")
_GATES: Final = {name for gate in ("And", "Or", "OutOf") for name in (gate, gate.lower(), gate.upper())}


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody of an organisation in a role: member (anybody), admin, client, peer or orderer."""

    msp_id: str
    role: str


@dataclass(frozen=True, slots=True)
class OutOf:
    """At least ``count`` of the rules must hold."""

    count: int
    rules: tuple[Policy, ...]


Policy = Principal | OutOf


@dataclass(frozen=True, slots=True)
class Signer:
    """An identity that has signed, with the roles that its certificate gives it."""

    msp_id: str
    roles: frozenset[str]

    @classmethod
    def peer(cls, msp_id: str) -> Signer:
        """A peer of an organisation."""
        return cls(msp_id, frozenset({"member", "peer"}))


def parse(text: str) -> OutOf:
    """Read a signature policy: ``OR('AMSP.member', AND('BMSP.peer', 'CMSP.peer'))``, ``OutOf(2, …)``.

    :raises ConfigurationError: the text is no signature policy.
    """
    tokens: list[tuple[str, str]] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise _unreadable(text)
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    reader = _Reader(text, tokens)
    policy = reader.gate()
    reader.end()
    return policy


def of_channel(name: str, organizations: Sequence[str]) -> OutOf:
    """Give a channel's endorsement policy: ANY, ALL or MAJORITY of the organisations' peers."""
    counts = {"ANY": 1, "ALL": len(organizations), "MAJORITY": len(organizations) // 2 + 1}
    return OutOf(counts[name], tuple(Principal(msp_id, "peer") for msp_id in organizations))


def satisfied(policy: Policy, signers: Sequence[Signer]) -> bool:
    """Tell whether the signers satisfy the policy; each of them counts for one principal only."""
    return _holds(policy, signers, set())


def organizations(policy: Policy) -> frozenset[str]:
    """Give the MSP IDs that the policy names."""
    if isinstance(policy, Principal):
        return frozenset({policy.msp_id})
    return frozenset().union(*(organizations(rule) for rule in policy.rules))


def _holds(policy: Policy, signers: Sequence[Signer], used: set[int]) -> bool:
    if isinstance(policy, Principal):
        for position, signer in enumerate(signers):
            if position not in used and signer.msp_id == policy.msp_id and policy.role in signer.roles:
                used.add(position)
                return True
        return False
    verified = 0
    for rule in policy.rules:
        attempt = set(used)
        if _holds(rule, signers, attempt):
            verified += 1
            used |= attempt
    return verified >= policy.count


class _Reader:
    def __init__(self, text: str, tokens: list[tuple[str, str]]) -> None:
        self._text = text
        self._tokens = tokens
        self._position = 0

    def gate(self) -> OutOf:
        name = self._take(lambda kind, value: kind == "word" and value in _GATES).lower()
        self._take(lambda _, value: value == "(")
        count = None
        if name == "outof":
            # Fabric takes the number in quotes as well.
            count = int(self._take(lambda _, value: _NUMBER.fullmatch(value) is not None).strip("'\""))
            self._take(lambda _, value: value == ",")
        rules = [self._rule()]
        while self._next() == ("mark", ","):
            self._position += 1
            rules.append(self._rule())
        self._take(lambda _, value: value == ")")
        if count is None:
            count = len(rules) if name == "and" else 1
        if count > len(rules) + 1:  # as lenient as Fabric: one more than there are can be written
            raise _unreadable(self._text)
        return OutOf(count, tuple(rules))

    def end(self) -> None:
        if self._position < len(self._tokens):
            raise _unreadable(self._text)

    def _rule(self) -> Policy:
        kind, value = self._next()
        if kind != "text":
            return self.gate()
        match = _PRINCIPAL.fullmatch(value[1:-1])
        if match is None:
            raise _unreadable(self._text)
        self._position += 1
        return Principal(match[1], match[2])

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("", "")

    def _take(self, fits: Callable[[str, str], bool]) -> str:
        kind, value = self._next()
        if not fits(kind, value):
            raise _unreadable(self._text)
        self._position += 1
        return value


def _unreadable(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"The policy {text!r} cannot be read; write it like OR('AMSP.member', AND('BMSP.peer', 'CMSP.peer'))."
    )
