"""Channel configurations and their updates parsed into plain values (fabric-protos common, msp)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_configuration

from fabric_ledger._parsing import parse
from fabric_ledger.errors import ConfigurationError

GROUP, VALUE, POLICY = "Group", "Value", "Policy"
ROOT = "Channel"

Path = tuple[str, ...]
Key = tuple[str, Path]
"""Kind and path of an element: ``("Policy", ("Channel", "Orderer", "BlockValidation"))``."""

SIGNATURE = int(policies_pb2.Policy.SIGNATURE)
IMPLICIT_META = int(policies_pb2.Policy.IMPLICIT_META)


@dataclass(frozen=True, slots=True)
class Element:
    """A group, value or policy of a configuration.

    Attributes:
        version: counts its changes.
        mod_policy: who may change it.
        content: a value's bytes, a policy's bytes, or empty.
        policy_type: a policy's type; None for the others and for a policy without content.
        children: a group's elements.
    """

    version: int
    mod_policy: str
    content: bytes = b""
    policy_type: int | None = None
    children: frozenset[Key] = frozenset()


Tree = dict[Key, Element]


@dataclass(frozen=True, slots=True)
class Update:
    """A configuration update and who signed it.

    Attributes:
        channel: which channel it is for.
        read_set, write_set: its elements.
        signed: (serialized identity, signed bytes, signature) of each signature.
    """

    channel: str
    read_set: Tree
    write_set: Tree
    signed: tuple[tuple[bytes, bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole configuration, and the serialized envelope of the update that led to it."""

    sequence: int
    tree: Tree
    last_update: bytes


@dataclass(frozen=True, slots=True)
class Consenter:
    """An orderer of a BFT channel."""

    number: int
    address: str
    msp_id: str
    certificate_pem: bytes


@dataclass(frozen=True, slots=True)
class OrganizationalUnit:
    """A unit, and the authority that has to have certified it (PEM; empty: any)."""

    name: str
    authority_pem: bytes


@dataclass(frozen=True, slots=True)
class MspDefinition:
    """An X.509 MSP; certificates in PEM, CRLs in PEM or DER.

    Attributes:
        node_ous: units by role (CLIENT, PEER, ADMIN, ORDERER); None where they are not enforced.
    """

    name: str
    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    admins: tuple[bytes, ...]
    revocation_lists: tuple[bytes, ...]
    units: tuple[OrganizationalUnit, ...]
    node_ous: dict[str, OrganizationalUnit] | None
    sha3: bool
    identifier_hash: str


@dataclass(frozen=True, slots=True)
class ForeignMsp:
    """An MSP that is not X.509, and why it is not understood."""

    name: str
    reason: str


def configuration(content: bytes) -> Configuration:
    """A serialized ``common.ConfigEnvelope``.

    Raises:
        UndecodableError: it is none.
        ConfigurationError: it has no channel group.
    """
    parsed = parse(configtx_pb2.ConfigEnvelope, content)
    if not parsed.config.HasField("channel_group"):
        raise ConfigurationError("the configuration has no channel group")
    update = parsed.last_update.SerializeToString() if parsed.HasField("last_update") else b""
    return Configuration(parsed.config.sequence, _tree(parsed.config.channel_group), update)


def update(envelope: bytes) -> Update:
    """The update in a serialized ``common.Envelope`` of type CONFIG_UPDATE.

    Raises:
        UndecodableError, ConfigurationError: it is something else.
    """
    payload = parse(common_pb2.Payload, parse(common_pb2.Envelope, envelope).payload)
    header = parse(common_pb2.ChannelHeader, payload.header.channel_header)
    if header.type != common_pb2.CONFIG_UPDATE:
        raise ConfigurationError("the last update is no configuration update")
    signed = parse(configtx_pb2.ConfigUpdateEnvelope, payload.data)
    parsed = parse(configtx_pb2.ConfigUpdate, signed.config_update)
    return Update(
        channel=parsed.channel_id,
        read_set=_tree(parsed.read_set) if parsed.HasField("read_set") else {},
        write_set=_tree(parsed.write_set) if parsed.HasField("write_set") else {},
        signed=tuple(
            (
                parse(common_pb2.SignatureHeader, each.signature_header).creator,
                each.signature_header + signed.config_update,
                each.signature,
            )
            for each in signed.signatures
        ),
    )


def capabilities(content: bytes) -> frozenset[str]:
    return frozenset(parse(configuration_pb2.Capabilities, content).capabilities)


def consenters(content: bytes) -> tuple[Consenter, ...]:
    """The value ``Orderers`` of a BFT channel."""
    return tuple(
        Consenter(each.id, f"{each.host}:{each.port}", each.msp_id, each.identity)
        for each in parse(configuration_pb2.Orderers, content).consenter_mapping
    )


def consensus_type(content: bytes) -> str:
    return parse(orderer_configuration.ConsensusType, content).type


def msp(content: bytes) -> MspDefinition | ForeignMsp:
    """The value ``MSP`` of an organisation."""
    outer = parse(msp_config_pb2.MSPConfig, content)
    if outer.type != 0:
        name = parse(msp_config_pb2.IdemixMSPConfig, outer.config).name
        return ForeignMsp(
            name, f"MSP {name} is of type {outer.type} (Idemix), whose identities are not checked here"
        )
    parsed = parse(msp_config_pb2.FabricMSPConfig, outer.config)
    return MspDefinition(
        name=parsed.name,
        roots=tuple(parsed.root_certs),
        intermediates=tuple(parsed.intermediate_certs),
        admins=tuple(parsed.admins),
        revocation_lists=tuple(parsed.revocation_list),
        units=tuple(_unit(each) for each in parsed.organizational_unit_identifiers),
        node_ous=_node_ous(parsed),
        sha3=parsed.crypto_config.signature_hash_family == "SHA3",
        identifier_hash=parsed.crypto_config.identity_identifier_hash_function or "SHA256",
    )


def _node_ous(parsed: msp_config_pb2.FabricMSPConfig) -> dict[str, OrganizationalUnit] | None:
    if not parsed.HasField("fabric_node_ous") or not parsed.fabric_node_ous.enable:
        return None
    ous = parsed.fabric_node_ous
    found = {}
    if ous.HasField("client_ou_identifier"):
        found["CLIENT"] = _unit(ous.client_ou_identifier)
    if ous.HasField("peer_ou_identifier"):
        found["PEER"] = _unit(ous.peer_ou_identifier)
    if ous.HasField("admin_ou_identifier"):
        found["ADMIN"] = _unit(ous.admin_ou_identifier)
    if ous.HasField("orderer_ou_identifier"):
        found["ORDERER"] = _unit(ous.orderer_ou_identifier)
    return found or None


def _unit(content: msp_config_pb2.FabricOUIdentifier) -> OrganizationalUnit:
    return OrganizationalUnit(content.organizational_unit_identifier, content.certificate)


def _tree(group: configtx_pb2.ConfigGroup) -> Tree:
    return dict(_elements(group, (ROOT,)))


def _elements(group: configtx_pb2.ConfigGroup, path: Path) -> Iterator[tuple[Key, Element]]:
    children = frozenset(
        [(GROUP, (*path, name)) for name in group.groups]
        + [(VALUE, (*path, name)) for name in group.values]
        + [(POLICY, (*path, name)) for name in group.policies]
    )
    yield (GROUP, path), Element(group.version, group.mod_policy, children=children)
    for name, value in group.values.items():
        yield (VALUE, (*path, name)), Element(value.version, value.mod_policy, value.value)
    for name, policy in group.policies.items():
        kind = policy.policy.type if policy.HasField("policy") else None
        yield (POLICY, (*path, name)), Element(policy.version, policy.mod_policy, policy.policy.value, kind)
    for name, inner in group.groups.items():
        yield from _elements(inner, (*path, name))
