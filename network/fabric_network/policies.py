"""Who can satisfy a signature policy, and the policy that most channels start with.

One signature counts for one principal only, as in Fabric's `common/policydsl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product

from carechannel.sdk.signature_policy import (
    ROLES,
    OutOf,
    Policy,
    PolicyError,
    Principal,
    parse,
    principals,
)

__all__ = [
    "ENDORSER_ROLES",
    "ROLES",
    "OutOf",
    "Policy",
    "PolicyError",
    "Principal",
    "majority",
    "parse",
    "principals",
    "unsatisfiable_reason",
]

ENDORSER_ROLES = ("member", "peer")


def majority(msp_ids: tuple[str, ...]) -> str:
    """The policy that more than half of `msp_ids` endorse, with a peer each."""
    principals = ", ".join(f"'{msp_id}.peer'" for msp_id in msp_ids)
    return f"OutOf({len(msp_ids) // 2 + 1}, {principals})"


def unsatisfiable_reason(policy: Policy, peers: Mapping[str, int]) -> str | None:
    """Why no set of peers can endorse under `policy`, as a sentence, or None if one can.

    `peers` gives the number of peers of each member by MSP ID (0 for a member without one).
    """
    hopeless = [reason for principal in principals(policy) if (reason := _hopeless(principal, peers))]
    if any(_fits(chosen, peers) for chosen in _ways(policy, peers)):
        return None
    if hopeless:
        return "; ".join(dict.fromkeys(hopeless)) + "."
    if isinstance(policy, OutOf) and policy.needed > len(policy.rules):
        return f"it asks for {policy.needed} of {len(policy.rules)}."
    return "it asks for more signatures than there are peers (one counts for one principal only)."


def _hopeless(principal: Principal, peers: Mapping[str, int]) -> str | None:
    if principal.role not in ENDORSER_ROLES:
        return f"{principal} names a role that endorses nothing (peers do)"
    if peers.get(principal.msp_id, 0) == 0:
        return f"{principal.msp_id} has no peer"
    return None


def _ways(policy: Policy, peers: Mapping[str, int]) -> Iterator[tuple[Principal, ...]]:
    """The sets of principals that satisfy the policy, without those that can never sign."""
    if isinstance(policy, Principal):
        if _hopeless(policy, peers) is None:
            yield (policy,)
        return
    ways_of_rules = [ways for rule in policy.rules if (ways := list(_ways(rule, peers)))]
    for chosen_rules in combinations(ways_of_rules, policy.needed):
        for chosen in product(*chosen_rules):
            yield tuple(principal for way in chosen for principal in way)


def _fits(chosen: tuple[Principal, ...], peers: Mapping[str, int]) -> bool:
    msp_ids = [principal.msp_id for principal in chosen]
    return all(msp_ids.count(msp_id) <= peers[msp_id] for msp_id in msp_ids)
