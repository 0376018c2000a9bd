"""Policies, principals and chaincode definitions as plain values (fabric-protos common, msp, peer)."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import collection_pb2, policy_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2, db_pb2

from fabric_ledger._parsing import parse
from fabric_ledger.errors import UndecodableError

ROLES = ("MEMBER", "ADMIN", "CLIENT", "PEER", "ORDERER")
"""``msp.MSPRole`` by number."""


@dataclass(frozen=True, slots=True)
class RolePrincipal:
    """Somebody of an MSP in a role."""

    msp_id: str
    role: str


@dataclass(frozen=True, slots=True)
class IdentityPrincipal:
    """One certificate, as ``msp.SerializedIdentity``."""

    identity: bytes


@dataclass(frozen=True, slots=True)
class UnitPrincipal:
    """Somebody of an organisational unit, certified by a chain."""

    msp_id: str
    unit: str
    certifiers: bytes


@dataclass(frozen=True, slots=True)
class NominalPrincipal:
    """Anybody who is not anonymous."""


@dataclass(frozen=True, slots=True)
class CombinedPrincipal:
    """All of several at once."""

    parts: tuple[Principal, ...]


@dataclass(frozen=True, slots=True)
class ImpossiblePrincipal:
    """Something that no X.509 identity satisfies."""


Principal = (
    RolePrincipal
    | IdentityPrincipal
    | UnitPrincipal
    | NominalPrincipal
    | CombinedPrincipal
    | ImpossiblePrincipal
)


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A signature of a principal."""

    principal: Principal


@dataclass(frozen=True, slots=True)
class OutOf:
    """At least ``needed`` of the rules."""

    needed: int
    rules: tuple[Rule, ...]


Rule = SignedBy | OutOf


@dataclass(frozen=True, slots=True)
class ImplicitMeta:
    """ANY, ALL or MAJORITY of the policies of that name one level below."""

    rule: str
    sub_policy: str


@dataclass(frozen=True, slots=True)
class CollectionDefinition:
    """A named collection; its endorsement policy is a serialized ApplicationPolicy, or empty."""

    name: str
    endorsement_policy: bytes
    block_to_live: int


def signature_policy(content: bytes) -> Rule:
    """A ``common.SignaturePolicyEnvelope``.

    Raises:
        UndecodableError: it is none that Fabric would evaluate.
    """
    envelope = parse(policies_pb2.SignaturePolicyEnvelope, content)
    return _rule(envelope)


def implicit_meta(content: bytes) -> ImplicitMeta:
    parsed = parse(policies_pb2.ImplicitMetaPolicy, content)
    return ImplicitMeta(policies_pb2.ImplicitMetaPolicy.Rule.Name(parsed.rule), parsed.sub_policy)


def application_policy(content: bytes) -> Rule | str:
    """A ``protos.ApplicationPolicy``: a signature policy, or the path of one in the channel configuration."""
    parsed = parse(policy_pb2.ApplicationPolicy, content)
    kind = parsed.WhichOneof("Type")
    if kind == "signature_policy":
        return _rule(parsed.signature_policy)
    if kind == "channel_config_policy_reference":
        return parsed.channel_config_policy_reference
    raise UndecodableError("the endorsement policy is neither a signature policy nor a reference")


def any_member(msp_ids: list[str], needed: int = 1) -> Rule:
    """So many of the MSPs, with any member each."""
    return OutOf(needed, tuple(SignedBy(RolePrincipal(msp_id, "MEMBER")) for msp_id in msp_ids))


def state_type(content: bytes) -> str:
    """The type that a ``_lifecycle`` entry's metadata names."""
    return parse(db_pb2.StateMetadata, content).datatype


def state_bytes(content: bytes) -> bytes:
    """The bytes in a ``_lifecycle`` field."""
    parsed = parse(db_pb2.StateData, content)
    if parsed.WhichOneof("Type") not in {None, "Bytes"}:
        raise UndecodableError("a field of a chaincode definition is of another type")
    return parsed.Bytes


def validation_info(content: bytes) -> tuple[str, bytes]:
    """Validation plugin and its parameter, a serialized ApplicationPolicy."""
    parsed = parse(chaincode_definition_pb2.ChaincodeValidationInfo, content)
    return parsed.validation_plugin, parsed.validation_parameter


def chaincode_version(content: bytes) -> str:
    return parse(chaincode_definition_pb2.ChaincodeEndorsementInfo, content).version


def collections(content: bytes) -> tuple[CollectionDefinition, ...]:
    """The named collections in a ``protos.CollectionConfigPackage``."""
    found = []
    for entry in parse(collection_pb2.CollectionConfigPackage, content).config:
        if entry.WhichOneof("payload") == "static_collection_config":
            static = entry.static_collection_config
            policy = (
                static.endorsement_policy.SerializeToString()
                if static.HasField("endorsement_policy")
                else b""
            )
            found.append(CollectionDefinition(static.name, policy, static.block_to_live))
    return tuple(found)


def _rule(envelope: policies_pb2.SignaturePolicyEnvelope) -> Rule:
    principals = [_principal(each) for each in envelope.identities]
    return _compiled(envelope.rule, principals)


def _compiled(policy: policies_pb2.SignaturePolicy, principals: list[Principal]) -> Rule:
    kind = policy.WhichOneof("Type")
    if kind == "n_out_of":
        return OutOf(policy.n_out_of.n, tuple(_compiled(each, principals) for each in policy.n_out_of.rules))
    if kind == "signed_by" and 0 <= policy.signed_by < len(principals):
        return SignedBy(principals[policy.signed_by])
    raise UndecodableError("the signature policy names a principal that it does not have, or is empty")


def _principal(  # noqa: PLR0911 - one for each kind of principal
    content: msp_principal_pb2.MSPPrincipal,
) -> Principal:
    kinds = msp_principal_pb2.MSPPrincipal
    try:
        match content.principal_classification:
            case kinds.ROLE:
                role = parse(msp_principal_pb2.MSPRole, content.principal)
                if role.role >= len(ROLES):
                    return ImpossiblePrincipal()
                return RolePrincipal(role.msp_identifier, ROLES[role.role])
            case kinds.IDENTITY:
                return IdentityPrincipal(content.principal)
            case kinds.ORGANIZATION_UNIT:
                unit = parse(msp_principal_pb2.OrganizationUnit, content.principal)
                return UnitPrincipal(
                    unit.msp_identifier, unit.organizational_unit_identifier, unit.certifiers_identifier
                )
            case kinds.ANONYMITY:
                anonymity = parse(msp_principal_pb2.MSPIdentityAnonymity, content.principal)
                nominal = anonymity.anonymity_type == msp_principal_pb2.MSPIdentityAnonymity.NOMINAL
                return NominalPrincipal() if nominal else ImpossiblePrincipal()
            case kinds.COMBINED:
                parts = parse(msp_principal_pb2.CombinedPrincipal, content.principal).principals
                if not parts:
                    return ImpossiblePrincipal()
                return CombinedPrincipal(tuple(_principal(part) for part in parts))
            case _:
                return ImpossiblePrincipal()
    except UndecodableError:
        return ImpossiblePrincipal()  # Fabric compiles such a policy and finds nobody to satisfy it
