"""What must hold of a chaincode's collections, as the peer would find only at the approval, or never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fabric_network import policies
from fabric_network.errors import Problem
from fabric_network.topology.collection import Collection
from fabric_network.topology.model import Channel, Topology
from fabric_network.topology.policy_checks import endorsement_policy, membership


def collections(
    topology: Topology, channel: Channel, key: str, listed: tuple[Collection, ...]
) -> Iterator[Problem]:
    """Problems of the collections `listed` at `key`, for a channel whose members are known."""
    for name, count in Counter(one.name for one in listed).items():
        if count > 1:
            yield Problem(key, f"The collection {name!r} stands {count} times.", "Give each its own name.")
    for index, one in enumerate(listed):
        yield from _collection(topology, channel, f"{key}[{index}]", one)


def _collection(topology: Topology, channel: Channel, key: str, one: Collection) -> Iterator[Problem]:
    if one.max_peer_count < one.required_peer_count:
        yield Problem(
            f"{key}.maxPeerCount",
            f"{one.max_peer_count} is less than requiredPeerCount, which is {one.required_peer_count}.",
            "Raise the one or lower the other.",
        )
    yield from _holders(topology, channel, key, one)
    if (own := one.endorsement_policy) is None:
        return
    if bool(own.signature_policy) == bool(own.channel_config_policy):
        yield Problem(
            f"{key}.endorsementPolicy",
            "It has to be one policy.",
            "Give signaturePolicy or channelConfigPolicy, and not both.",
        )
    yield from endorsement_policy(
        topology, channel, f"{key}.endorsementPolicy.signaturePolicy", own.signature_policy
    )


def _holders(topology: Topology, channel: Channel, key: str, one: Collection) -> Iterator[Problem]:
    """Fabric takes an OR of organisations only, and refuses to endorse what it cannot hand on."""
    policy, found = membership(topology, channel, f"{key}.policy", one.policy)
    yield from found
    if policy is None:
        return
    if not _is_or(policy):
        choice = ", ".join(f"'{one.msp_id}.member'" for one in policies.principals(policy))
        yield Problem(
            f"{key}.policy",
            "Who holds a collection is a choice of single organisations.",
            f"Write it like this: OR({choice}).",
        )
        return
    msp_ids = {principal.msp_id for principal in policies.principals(policy)}
    others = sum(member.peers for member in topology.members(channel) if member.msp_id in msp_ids) - 1
    if one.required_peer_count > max(others, 0):
        count = one.required_peer_count
        yield Problem(
            f"{key}.requiredPeerCount",
            f"Nobody could endorse: there are no {count} other peers that may hold the data.",
            f"Write at most {max(others, 0)}, or give the organisations more peers.",
        )


def _is_or(policy: policies.Policy) -> bool:
    if isinstance(policy, policies.Principal):
        return True
    return policy.needed == 1 and all(_is_or(rule) for rule in policy.rules)
