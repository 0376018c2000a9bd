"""Whether signers satisfy a policy (Fabric common/cauthdsl/cauthdsl.go, common/policies/implicitmeta.go)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fabric_ledger._policy_messages import Rule, SignedBy
from fabric_ledger.msp import Identity, Msps

Signed = tuple[bytes, bytes, bytes]
"""Serialized identity, signed bytes, signature."""


def signers(signed: Iterable[Signed], msps: Msps) -> tuple[Identity, ...]:
    """Those whose signatures are good, each once, in order; the others are left out, as peers do.

    Raises:
        UnsupportedError: a signer's MSP is not understood.
    """
    found: list[Identity] = []
    keys: set[tuple[str, bytes]] = set()
    for serialized, message, signature in signed:
        identity = msps.identity(serialized)
        if isinstance(identity, str) or identity.key in keys:
            continue
        if identity.verify(message, signature):
            keys.add(identity.key)
            found.append(identity)
    return tuple(found)


def satisfied(rule: Rule, identities: Sequence[Identity]) -> bool:
    """Whether the identities satisfy a signature policy; each counts for one principal only."""
    return _holds(rule, identities, [False] * len(identities))


def _holds(rule: Rule, identities: Sequence[Identity], used: list[bool]) -> bool:
    if isinstance(rule, SignedBy):
        for position, identity in enumerate(identities):
            if not used[position] and identity.satisfies(rule.principal):
                used[position] = True
                return True
        return False
    verified = 0
    for inner in rule.rules:
        attempt = used.copy()
        if _holds(inner, identities, attempt):
            verified += 1
            used[:] = attempt
    return verified >= rule.needed
