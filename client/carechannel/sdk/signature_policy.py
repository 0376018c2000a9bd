"""Signature policies: `OutOf(2, 'A.peer', AND('B.peer', 'C.peer'))` as a value.

Grammar and meaning are those of Fabric's `common/policydsl`: a gate at the top, `AND`, `OR` or `OutOf(n, …)`,
over gates and quoted principals `'<MSP ID>.<role>'`. What Fabric's evaluator would compute besides
(`OutOf(1+1, …)`) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROLES = ("member", "admin", "client", "peer", "orderer")

_GATES = {spelling for gate in ("And", "Or", "OutOf") for spelling in (gate, gate.lower(), gate.upper())}
_MSP_ID = re.compile(r"[A-Za-z0-9.-]+")
_TOKEN = re.compile(r"\s*(?:(?P<quote>['\"])(?P<principal>.*?)(?P=quote)|(?P<word>[\w.-]+)|(?P<mark>[(),]))")


class PolicyError(ValueError):
    """The text is not a signature policy; the message says where and why."""


@dataclass(frozen=True)
class Principal:
    """Somebody of `msp_id` in `role` signs."""

    msp_id: str
    role: str

    def __str__(self) -> str:
        return f"'{self.msp_id}.{self.role}'"


@dataclass(frozen=True)
class OutOf:
    """At least `needed` of `rules` are satisfied."""

    needed: int
    rules: tuple[Principal | OutOf, ...]

    def __str__(self) -> str:
        return f"OutOf({self.needed}, {', '.join(str(rule) for rule in self.rules)})"


Policy = Principal | OutOf


def parse(text: str) -> OutOf:
    """Read a signature policy. Raises `PolicyError` with a sentence."""
    policy, rest = _policy(_tokens(text))
    if rest:
        raise PolicyError(f"there is something left after the end of the policy: {rest[0]!r}.")
    if isinstance(policy, Principal):
        raise PolicyError(f"{policy} stands alone, without a gate around it: OR({policy}).")
    return policy


def principals(policy: Policy) -> tuple[Principal, ...]:
    """Every principal that the policy names, in its order."""
    if isinstance(policy, Principal):
        return (policy,)
    return tuple(principal for rule in policy.rules for principal in principals(rule))


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise PolicyError(f"{text[position:].split(maxsplit=1)[0]!r} cannot be read.")
        principal = match["principal"]
        tokens.append(f"'{principal}" if principal is not None else match["word"] or match["mark"])
        position = match.end()
    return tokens


def _policy(tokens: list[str]) -> tuple[Policy, list[str]]:
    if not tokens:
        raise PolicyError("it ends too early.")
    head, rest = tokens[0], tokens[1:]
    if head.startswith("'"):
        return _principal(head[1:]), rest
    if head not in _GATES:
        raise PolicyError(f"{head!r} stands where AND, OR, OutOf or a quoted principal is expected.")
    rest = _expect("(", rest)
    needed: int | None = None
    if head.lower() == "outof":
        needed, rest = _number(rest), _expect(",", rest[1:])
    rules: list[Policy] = []
    while True:
        rule, rest = _policy(rest)
        rules.append(rule)
        if rest[:1] != [","]:
            break
        rest = rest[1:]
    rest = _expect(")", rest)
    if needed is None:
        needed = len(rules) if head.lower() == "and" else 1
    if needed > len(rules) + 1:  # Fabric takes one more than there are, which nobody can satisfy
        raise PolicyError(f"OutOf asks for {needed} of {len(rules)}.")
    return OutOf(needed, tuple(rules)), rest


def _number(tokens: list[str]) -> int:
    number = tokens[0].removeprefix("'") if tokens else ""  # Fabric takes it in quotes as well
    if not (number.isascii() and number.isdecimal()):
        raise PolicyError("OutOf does not begin with a number.")
    return int(number)


def _expect(mark: str, tokens: list[str]) -> list[str]:
    if tokens[:1] != [mark]:
        found = repr(tokens[0].lstrip("'")) if tokens else "the end"
        raise PolicyError(f"{mark!r} is expected where {found} stands.")
    return tokens[1:]


def _principal(text: str) -> Principal:
    msp_id, _, role = text.rpartition(".")
    if not msp_id or role not in ROLES:
        raise PolicyError(f"{text!r} is not 'MSPID.role' with a role of {', '.join(ROLES)}.")
    if not _MSP_ID.fullmatch(msp_id):
        raise PolicyError(
            f"{msp_id!r} cannot stand in a policy: an MSP ID has letters, digits, '.' and '-' there."
        )
    return Principal(msp_id, role)
