"""Signature policies of a channel: can they be read, do they name members, can anybody satisfy them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fabric_network import policies
from fabric_network.errors import Problem
from fabric_network.topology.model import Channel, Topology
from fabric_network.topology.sentences import nearest


def endorsement_policy(topology: Topology, channel: Channel, key: str, text: str) -> Iterator[Problem]:
    """Problems of the policy `text` at `key`; an empty one stands for the default."""
    if not text:
        return
    policy, found = membership(topology, channel, key, text)
    yield from found
    if policy is None:
        return
    peers = {member.msp_id: member.peers for member in topology.members(channel)}
    reason = policies.unsatisfiable_reason(policy, peers)
    if reason is not None:
        able = ", ".join(f"{msp_id} ({count})" for msp_id, count in peers.items() if count)
        yield Problem(key, f"Nobody can satisfy the policy: {reason}", f"Members with peers are: {able}.")


def membership(
    topology: Topology, channel: Channel, key: str, text: str
) -> tuple[policies.Policy | None, list[Problem]]:
    """The policy if it can be read and names members of the channel only, else what is wrong."""
    try:
        policy = policies.parse(text)
    except policies.PolicyError as error:
        example = topology.lifecycle_endorsement(channel.model_copy(update={"lifecycle_endorsement": ""}))
        mend = f"Write it like this: {example}."
        return None, [Problem(key, f"The policy cannot be read: {error}", mend)]
    members = [member.msp_id for member in topology.members(channel)]
    for msp_id in dict.fromkeys(principal.msp_id for principal in policies.principals(policy)):
        if msp_id not in members:
            wrong = f"{msp_id} is not the MSP ID of a member of the channel."
            return None, [Problem(key, wrong, one_of(msp_id, members))]
    return policy, []


def one_of(name: str, known: Sequence[str]) -> str:
    """The mend for a name that is none of `known`."""
    return f"{nearest(name, known)}Write one of: {', '.join(known)}."
