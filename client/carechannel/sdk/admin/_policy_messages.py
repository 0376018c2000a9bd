"""Endorsement policies and collections as Fabric's messages, and back into the text that people write."""

from __future__ import annotations

from collections.abc import Iterable

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import collection_pb2, policy_pb2
from google.protobuf.message import DecodeError

from carechannel.sdk.admin.definition import Collection
from carechannel.sdk.errors import NodeReplyError
from carechannel.sdk.signature_policy import OutOf, Policy, Principal, parse

_Envelope = policies_pb2.SignaturePolicyEnvelope
_Rule = policies_pb2.SignaturePolicy


def application_policy(endorsement: str, channel_policy: str) -> bytes:
    """`protos.ApplicationPolicy`; empty where neither is given, for the channel's default."""
    policy = _application_policy(endorsement, channel_policy)
    return b"" if policy is None else policy.SerializeToString()


def read_application_policy(content: bytes, node: str) -> tuple[str, str]:
    """Signature policy and name of a channel's policy; one of them is empty."""
    try:
        policy = policy_pb2.ApplicationPolicy.FromString(content)
    except DecodeError as error:
        raise NodeReplyError(f"{node} gives an endorsement policy that cannot be read.") from error
    return _texts(policy, node)


def collection_package(collections: Iterable[Collection]) -> collection_pb2.CollectionConfigPackage:
    """`protos.CollectionConfigPackage`."""
    listed = [
        collection_pb2.StaticCollectionConfig(
            name=one.name,
            member_orgs_policy=collection_pb2.CollectionPolicyConfig(
                signature_policy=_signature_policy(one.members)
            ),
            required_peer_count=one.required_peer_count,
            maximum_peer_count=one.max_peer_count,
            block_to_live=one.block_to_live,
            member_only_read=one.member_only_read,
            member_only_write=one.member_only_write,
            endorsement_policy=_application_policy(one.endorsement, one.channel_policy),
        )
        for one in collections
    ]
    return collection_pb2.CollectionConfigPackage(
        config=[collection_pb2.CollectionConfig(static_collection_config=one) for one in listed]
    )


def read_collections(package: collection_pb2.CollectionConfigPackage, node: str) -> tuple[Collection, ...]:
    """The collections of a definition that `node` tells of."""
    return tuple(_collection(one.static_collection_config, node) for one in package.config)


def _collection(one: collection_pb2.StaticCollectionConfig, node: str) -> Collection:
    endorsement, channel_policy = "", ""
    if one.HasField("endorsement_policy"):
        endorsement, channel_policy = _texts(one.endorsement_policy, node)
    return Collection(
        name=one.name,
        members=_text(one.member_orgs_policy.signature_policy, node),
        required_peer_count=one.required_peer_count,
        max_peer_count=one.maximum_peer_count,
        block_to_live=one.block_to_live,
        member_only_read=one.member_only_read,
        member_only_write=one.member_only_write,
        endorsement=endorsement,
        channel_policy=channel_policy,
    )


def _application_policy(endorsement: str, channel_policy: str) -> policy_pb2.ApplicationPolicy | None:
    if endorsement:
        return policy_pb2.ApplicationPolicy(signature_policy=_signature_policy(endorsement))
    if channel_policy:
        return policy_pb2.ApplicationPolicy(channel_config_policy_reference=channel_policy)
    return None


def _texts(policy: policy_pb2.ApplicationPolicy, node: str) -> tuple[str, str]:
    if policy.WhichOneof("Type") == "channel_config_policy_reference":
        return "", policy.channel_config_policy_reference
    if policy.WhichOneof("Type") == "signature_policy":
        return _text(policy.signature_policy, node), ""
    return "", ""


def _signature_policy(text: str) -> _Envelope:
    """In Fabric's own form, for definitions are compared byte by byte.

    Its parser lists a principal as often as it occurs, those of inner gates before those of the gate around
    them (`common/policydsl/policyparser.go` evaluates from the inside).
    """
    policy = parse(text)
    listed: list[Principal] = []
    rule = _rule(policy, listed)
    return _Envelope(version=0, rule=rule, identities=[_principal(one) for one in listed])


def _rule(policy: OutOf, listed: list[Principal]) -> _Rule:
    inner = {index: _rule(rule, listed) for index, rule in enumerate(policy.rules) if isinstance(rule, OutOf)}
    rules = []
    for index, rule in enumerate(policy.rules):
        if isinstance(rule, OutOf):
            rules.append(inner[index])
        else:
            rules.append(_Rule(signed_by=len(listed)))
            listed.append(rule)
    return _Rule(n_out_of=_Rule.NOutOf(n=policy.needed, rules=rules))


def _principal(principal: Principal) -> msp_principal_pb2.MSPPrincipal:
    role = msp_principal_pb2.MSPRole(
        msp_identifier=principal.msp_id,
        role=msp_principal_pb2.MSPRole.MSPRoleType.Value(principal.role.upper()),
    )
    return msp_principal_pb2.MSPPrincipal(
        principal_classification=msp_principal_pb2.MSPPrincipal.ROLE, principal=role.SerializeToString()
    )


def _text(envelope: _Envelope, node: str) -> str:
    try:
        named = []
        for identity in envelope.identities:
            if identity.principal_classification != msp_principal_pb2.MSPPrincipal.ROLE:
                raise NodeReplyError(f"{node} gives a policy whose principals are not roles; it has no text.")
            role = msp_principal_pb2.MSPRole.FromString(identity.principal)
            name = msp_principal_pb2.MSPRole.MSPRoleType.Name(role.role).lower()
            named.append(Principal(role.msp_identifier, name))
        return str(_read_rule(envelope.rule, named))
    except (DecodeError, IndexError, ValueError) as error:
        raise NodeReplyError(f"{node} gives a policy that cannot be read.") from error


def _read_rule(rule: _Rule, named: list[Principal]) -> Policy:
    if rule.WhichOneof("Type") == "signed_by":
        if rule.signed_by < 0:
            raise IndexError(rule.signed_by)
        return named[rule.signed_by]
    return OutOf(rule.n_out_of.n, tuple(_read_rule(one, named) for one in rule.n_out_of.rules))
