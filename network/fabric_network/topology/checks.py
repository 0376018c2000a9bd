"""What must hold between the parts of a topology. Each check yields problems; `problems` gathers them all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from fabric_network.errors import Problem
from fabric_network.ports import LAST_PORT
from fabric_network.topology.collection_checks import collections
from fabric_network.topology.model import Chaincode, Channel, Organization, Topology
from fabric_network.topology.policy_checks import endorsement_policy, one_of

RESERVED_ALIASES = ("admin", "node")
RESERVED_CHAINCODES = ("agent", "ca")
RAFT_CONSENTERS = 3
BLOCK_EVENTS = "event/Block"
ACL_RESOURCE = re.compile(r"[A-Za-z_]+/[A-Za-z]+")


def problems(topology: Topology) -> list[Problem]:
    """Everything wrong with `topology`, in the order of the file."""
    found = [*_ports(topology), *_unique(topology)]
    for org in topology.organizations.values():
        found += _organization(topology, org)
    for channel in topology.channels.values():
        found += _channel(topology, channel)
    found += _chaincode_packages(topology)
    return found


def warnings(topology: Topology) -> tuple[str, ...]:
    """What is allowed, but hardly meant for a network that others depend on; sentences."""
    found = []
    for channel in topology.channels.values():
        consenters = sum(topology.organizations[org].orderers for org in channel.orderers)
        if consenters < RAFT_CONSENTERS:
            found.append(
                f"channels.{channel.name}.orderers: the channel stands still while one Raft orderer is down, "
                f"for it has {consenters}. {RAFT_CONSENTERS} let it go on."
            )
        found += [
            f"channels.{channel.name}.orderers: {org} orders without being a member: it sees every block."
            for org in channel.orderers
            if org not in channel.members
        ]
    return tuple(found)


def _ports(topology: Topology) -> Iterator[Problem]:
    fixed = topology.ports.nodes
    try:
        nodes = {node.name: node for node in topology.nodes()}
    except OverflowError as error:
        yield Problem("ports.base", f"The ports run past {LAST_PORT}: {error}.", "Begin with a smaller port.")
        return
    holders: dict[int, str] = {}
    for name, ports in fixed.items():
        if name not in nodes:
            yield Problem(f"ports.nodes.{name}", "There is no such node.", one_of(name, list(nodes)))
            continue
        for use, port in ports.items():
            key = f"ports.nodes.{name}.{use.value}"
            if use not in nodes[name].ports:
                uses = ", ".join(sorted(known.value for known in nodes[name].ports)) or "none"
                yield Problem(key, "The node has no such port.", f"Its ports are: {uses}.")
            if port in holders:
                yield Problem(
                    key, f"Port {port} is already given to {holders[port]}.", "Give each its own port."
                )
            holders[port] = f"{name}.{use.value}"


def _unique(topology: Topology) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for org in topology.organizations.values():
        for field, value in (("msp_id", org.msp_id), ("domain", org.domain)):
            holder = first.setdefault((field, value.lower()), org.id)
            if holder != org.id:
                yield Problem(
                    f"organizations.{org.id}.{field}",
                    f"{value!r} is already the {field} of {holder}.",
                    "Give each organisation its own.",
                )


def _organization(topology: Topology, org: Organization) -> Iterator[Problem]:
    key = f"organizations.{org.id}"
    for alias, count in Counter(person.alias for person in org.people).items():
        if count > 1:
            yield Problem(
                f"{key}.people", f"The alias {alias!r} stands {count} times.", "Give each its own alias."
            )
    for index, person in enumerate(org.people):
        if person.alias in RESERVED_ALIASES:
            yield Problem(
                f"{key}.people[{index}].alias",
                f"{person.alias!r} is what every organisation has anyway.",
                "Leave the entry out, or give another alias.",
            )
        elif person.role in ("administrator", "node"):
            yield Problem(
                f"{key}.people[{index}].role",
                f"The role {person.role!r} belongs to an identity that every organisation has anyway.",
                "Give a role of staff: practitioner, registrar, auditor or the like.",
            )
    yield from _partner(topology, org)


def _partner(topology: Topology, org: Organization) -> Iterator[Problem]:
    key = f"organizations.{org.id}.partner"
    if org.peers:
        if org.partner is not None:
            yield Problem(key, "It has a peer of its own and needs no partner.", "Leave partner out.")
        return
    channels = topology.channels_of(org.id)
    if org.partner is None:
        if channels:
            yield Problem(
                key,
                f"{org.id} has no peer, and no partner that lends it one.",
                "Name an organisation with a peer as partner, or set peers to 1.",
            )
        return
    partner = topology.organizations.get(org.partner)
    if partner is None:
        yield Problem(
            key,
            f"{org.partner!r} is not an organisation.",
            one_of(org.partner, list(topology.organizations)),
        )
        return
    if not partner.peers:
        yield Problem(key, f"{partner.id} has no peer to lend.", "Name an organisation with a peer.")
    for channel in channels:
        if partner.id not in channel.members:
            yield Problem(
                key,
                f"{partner.id} is not a member of {channel.name}, so {org.id} cannot reach it.",
                f"Add {partner.id} to channels.{channel.name}.members, or name another partner.",
            )


def _channel(topology: Topology, channel: Channel) -> Iterator[Problem]:
    key = f"channels.{channel.name}"
    yield from _references(topology, f"{key}.members", channel.members)
    yield from _references(topology, f"{key}.orderers", channel.orderers)
    for index, name in enumerate(channel.orderers):
        if name in topology.organizations and not topology.organizations[name].orderers:
            yield Problem(
                f"{key}.orderers[{index}]",
                f"{name} runs no orderer.",
                f"Set organizations.{name}.orderers to 1, or leave it out here.",
            )
    if any(name not in topology.organizations for name in channel.members):
        return
    if not topology.members_with_peers(channel):
        yield Problem(f"{key}.members", "No member has a peer.", "Add an organisation with a peer.")
        return
    yield from endorsement_policy(
        topology, channel, f"{key}.lifecycle_endorsement", channel.lifecycle_endorsement
    )
    yield from _acls(f"{key}.acls", channel)
    for name, chaincode in channel.chaincodes.items():
        here = f"{key}.chaincodes.{name}"
        yield from endorsement_policy(topology, channel, f"{here}.endorsement", chaincode.endorsement)
        yield from collections(topology, channel, f"{here}.collections", chaincode.collections)
        yield from _what_runs(here, chaincode)
        if name in RESERVED_CHAINCODES:
            yield Problem(
                f"{key}.chaincodes.{name}", f"The name {name!r} is taken by another node.", "Rename it."
            )


def _acls(key: str, channel: Channel) -> Iterator[Problem]:
    for resource in channel.acls:
        if not ACL_RESOURCE.fullmatch(resource):
            yield Problem(
                f"{key}.{resource}",
                "This is no resource of a peer.",
                "Name it as Fabric does: event/Block, qscc/GetBlockByNumber and the like.",
            )
    if BLOCK_EVENTS in channel.acls and channel.keeps_members:
        yield Problem(
            f"{key}.{BLOCK_EVENTS}",
            "Who may follow full blocks is sent the members' implicit collections too, and those of "
            "care_contracts hold what members keep from one another (docs/adr/0008).",
            "Leave it out, or run care_contracts on another channel.",
        )


def _what_runs(key: str, chaincode: Chaincode) -> Iterator[Problem]:
    said = [way for way in ("module", "command", "external") if getattr(chaincode, way)]
    if not said:
        yield Problem(
            key,
            "Nothing says what runs the chaincode.",
            "Give a module (of Python), a command (a list: program and arguments), or external: true.",
        )
    elif len(said) > 1:
        yield Problem(f"{key}.{said[1]}", f"{said[0]} says already what runs the chaincode.", "Keep one.")


def _references(topology: Topology, key: str, names: Sequence[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in topology.organizations:
            mend = one_of(name, list(topology.organizations))
            yield Problem(f"{key}[{index}]", f"{name!r} is not an organisation.", mend)
        elif name in names[:index]:
            yield Problem(f"{key}[{index}]", f"{name!r} stands there twice.", "Remove one.")


def _chaincode_packages(topology: Topology) -> Iterator[Problem]:
    first: dict[str, tuple[str, Chaincode]] = {}
    for channel in topology.channels.values():
        for name, chaincode in channel.chaincodes.items():
            other, package = first.setdefault(name, (channel.name, chaincode))
            for field in ("version", "module", "command", "external"):
                mine, theirs = getattr(chaincode, field), getattr(package, field)
                if mine != theirs:
                    yield Problem(
                        f"channels.{channel.name}.chaincodes.{name}.{field}",
                        f"{mine!r} differs from {theirs!r} on {other}; one process serves {name} on both.",
                        "Write the same in both, or give the chaincode another name.",
                    )
