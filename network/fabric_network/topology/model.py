"""The value that a topology file describes. Frozen; one field for every key of the file.

Names follow Fabric's own restrictions: channel names (`common/configtx/validator.go`), chaincode names and
versions (`core/chaincode/lifecycle/scc.go`), MSP IDs as they stand in policies (`common/policydsl`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from fabric_network.policies import majority
from fabric_network.ports import LAST_PORT, PortUse, allocate
from fabric_network.topology.collection import Collection, YesOrNo
from fabric_network.topology.nodes import PORT_USES, Node, NodeKind
from fabric_network.topology.part import HIDDEN, Part

CARE_MODULE = "care_contracts"
FOLDER = f"{HIDDEN}folder>"
KEY = f"{HIDDEN}key>"
"""Under which a mapping's key is handed to the value behind it."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]*$", max_length=249)]
ChaincodeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=40)]
ChaincodeVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.+-]+$", max_length=40)]
MspId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9.-]*$", max_length=100)]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=100)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(ms|s|m)$")]
Module = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
Argument = Annotated[str, Field(min_length=1)]
PolicyPath = Annotated[str, StringConstraints(pattern=r"^/Channel(/[A-Za-z0-9.-]+)+$")]
Port = Annotated[int, Field(strict=True, ge=1024, le=LAST_PORT)]
Count = Annotated[int, Field(strict=True, ge=0, le=20)]
Positive = Annotated[int, Field(strict=True, ge=1)]

OrganizationRole = Literal["provider", "laboratory", "pharmacy", "sponsor", "regulator"]
PersonRole = Literal[
    "practitioner",
    "registrar",
    "pharmacist",
    "investigator",
    "researcher",
    "auditor",
    "privacy-officer",
    "administrator",
    "node",
]

Value = TypeVar("Value")


def _with_keys(mapping: object) -> object:
    if not isinstance(mapping, dict):
        return mapping
    return {key: {**value, KEY: key} if isinstance(value, dict) else value for key, value in mapping.items()}


def _frozen(mapping: Mapping[str, Value]) -> Mapping[str, Value]:
    return MappingProxyType(mapping)


Keyed = Annotated[Mapping[str, Value], BeforeValidator(_with_keys), AfterValidator(_frozen)]
Frozen = Annotated[Mapping[str, Value], AfterValidator(_frozen)]


class Ports(Part):
    """Every node takes its ports from `base` on, in file order; `nodes` fixes single ones."""

    base: Port = 17000
    nodes: Frozen[Mapping[PortUse, Port]] = Field(default_factory=dict)


class Ordering(Part):
    """How blocks are cut and agreed on, for every channel. An election takes about `election_ticks` ticks."""

    type: Literal["etcdraft"] = "etcdraft"
    batch_timeout: Duration = "50ms"
    max_message_count: Positive = 500
    tick_interval: Duration = "50ms"
    election_ticks: Annotated[int, Field(strict=True, ge=2, le=100)] = 10


class Person(Part):
    """Somebody of an organisation who gets a certificate.

    `alias` names the folder; `role` and `groups` become the attributes `care.role` and `care.groups`.
    """

    alias: Name
    role: PersonRole
    groups: tuple[Name, ...] = ()


class Organization(Part):
    """A member institution: an MSP with a CA; `partner` lends its peer to one that has none."""

    id: Name = Field(validation_alias=KEY)
    msp_id: MspId
    name: str = Field(min_length=1, max_length=100)
    domain: Domain
    role: OrganizationRole
    jurisdiction: Country
    peers: Count = 0
    orderers: Count = 0
    partner: str | None = None
    people: tuple[Person, ...] = ()

    @property
    def users(self) -> tuple[Person, ...]:
        """`people`, and the two of every organisation: `admin` (of the MSP) and `node` (its key agent)."""
        return (
            Person(alias="admin", role="administrator"),
            Person(alias="node", role="node"),
            *self.people,
        )

    @property
    def has_agent(self) -> bool:
        """Whether a key agent answers for it: it holds records, on a peer of its own."""
        return self.role == "provider" and self.peers > 0


class Chaincode(Part):
    """A chaincode as one channel defines it, and what runs it: one of `module`, `command` and `external`.

    `module` is run by `python -m`, `command` is a program of any language with its arguments, `external` says
    that nobody starts it here: its developer does, in a debugger for example.
    `endorsement` may be left out: then more than half of the members with a peer endorse. `collections` stand
    in the file as a list, or as the path of a file with such a list in JSON.
    """

    name: ChaincodeName = Field(validation_alias=KEY)
    version: ChaincodeVersion
    module: Module | None = None
    command: tuple[Argument, ...] = ()
    external: YesOrNo = False
    endorsement: str = ""
    collections: tuple[Collection, ...] = ()

    @property
    def label(self) -> str:
        """Label of the package, the same for every member and channel."""
        return f"{self.name}_{self.version}"


class Channel(Part):
    """A consortium: the organisations `members` share its ledger, the `orderers` order its blocks.

    `acls` gives a peer's resource (`event/Block` and the like) to who satisfies a policy of the channel.
    """

    name: ChannelName = Field(validation_alias=KEY)
    members: tuple[str, ...] = Field(min_length=1)
    orderers: tuple[str, ...] = Field(min_length=1)
    chaincodes: Keyed[Chaincode] = Field(default_factory=dict)
    lifecycle_endorsement: str = ""
    acls: Frozen[PolicyPath] = Field(default_factory=dict)

    @property
    def keeps_members(self) -> bool:
        """Whether CareChannel's own chaincode runs on it, which keeps a list of member institutions."""
        return any(chaincode.module == CARE_MODULE for chaincode in self.chaincodes.values())


class Topology(Part):
    """A whole network. `folder` is where its file lies: relative paths in it begin there."""

    name: Name
    ports: Ports = Field(default_factory=Ports)
    ordering: Ordering = Field(default_factory=Ordering)
    organizations: Keyed[Organization] = Field(min_length=1)
    channels: Keyed[Channel] = Field(min_length=1)
    folder: Path = Field(validation_alias=FOLDER)

    def members(self, channel: Channel) -> tuple[Organization, ...]:
        """The organisations of `channel`, in its order."""
        return tuple(self.organizations[member] for member in channel.members)

    def members_with_peers(self, channel: Channel) -> tuple[Organization, ...]:
        return tuple(member for member in self.members(channel) if member.peers)

    def channels_of(self, organization: str) -> tuple[Channel, ...]:
        """The channels that `organization` is a member of, in file order."""
        return tuple(channel for channel in self.channels.values() if organization in channel.members)

    def endorsement(self, channel: Channel, chaincode: Chaincode) -> str:
        """The signature policy of `chaincode` on `channel`, never empty."""
        return chaincode.endorsement or self._majority(channel)

    def lifecycle_endorsement(self, channel: Channel) -> str:
        """Who has to approve a chaincode definition on `channel`, a signature policy, never empty."""
        return channel.lifecycle_endorsement or self._majority(channel)

    def chaincodes(self) -> tuple[Chaincode, ...]:
        """Each chaincode once, however many channels define it (they agree on what runs it)."""
        by_name: dict[str, Chaincode] = {}
        for channel in self.channels.values():
            by_name.update(channel.chaincodes)
        return tuple(by_name.values())

    def is_external(self, node: Node) -> bool:
        """Whether `node` is a chaincode that its developer starts."""
        return node.kind is NodeKind.CHAINCODE and self.chaincode_of(node).external

    def chaincode_of(self, node: Node) -> Chaincode:
        """The chaincode that `node`, one of kind chaincode, runs."""
        return next(one for one in self.chaincodes() if one.name == node.local_name)

    def nodes(self) -> tuple[Node, ...]:
        """Every process, by organisation in file order: CA, orderers, peers, chaincodes, agent."""
        ports = self._allocated_ports()
        return tuple(
            Node(kind, org.id, local, index, org.domain, MappingProxyType(ports[f"{local}.{org.id}"]))
            for kind, org, local, index in self._roll()
        )

    def nodes_of(self, kind: NodeKind, organization: str | None = None) -> tuple[Node, ...]:
        """The nodes of one kind, of one organisation or of all."""
        return tuple(
            node for node in self.nodes() if node.kind is kind and organization in (None, node.organization)
        )

    def node(self, name: str) -> Node:
        """The node called `name` (`peer0.hospital-a`). Raises `KeyError`."""
        return {node.name: node for node in self.nodes()}[name]

    def consenters(self, channel: Channel) -> tuple[Node, ...]:
        """The orderers that order `channel`."""
        return tuple(node for org in channel.orderers for node in self.nodes_of(NodeKind.ORDERER, org))

    def gateway_peer(self, organization: str) -> Node:
        """The peer that clients of `organization` talk to: its own first one, or its partner's."""
        org = self.organizations[organization]
        return self.nodes_of(NodeKind.PEER, org.id if org.peers else org.partner)[0]

    def _majority(self, channel: Channel) -> str:
        return majority(tuple(member.msp_id for member in self.members_with_peers(channel)))

    def _allocated_ports(self) -> dict[str, dict[PortUse, int]]:
        demands = [(f"{local}.{org.id}", PORT_USES[kind]) for kind, org, local, _ in self._roll()]
        return allocate(self.ports.base, demands, self.ports.nodes)

    def _roll(self) -> Iterator[tuple[NodeKind, Organization, str, int]]:
        for org in self.organizations.values():
            yield NodeKind.CA, org, "ca", 0
            for index in range(org.orderers):
                yield NodeKind.ORDERER, org, f"orderer{index}", index
            for index in range(org.peers):
                yield NodeKind.PEER, org, f"peer{index}", index
            if org.peers:
                names = {name: None for channel in self.channels_of(org.id) for name in channel.chaincodes}
                for name in names:
                    yield NodeKind.CHAINCODE, org, name, 0
            if org.has_agent and any(channel.keeps_members for channel in self.channels_of(org.id)):
                yield NodeKind.AGENT, org, "agent", 0
