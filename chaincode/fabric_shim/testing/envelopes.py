"""Signature policies as Fabric serializes them: what stands in a key's validation parameter.

Source: fabric-protos common/policies.proto, msp/msp_principal.proto.
"""

from __future__ import annotations

from typing import Final

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from google.protobuf.message import DecodeError

from fabric_shim.errors import ProtocolError
from fabric_shim.testing.policies import OutOf, Policy, Principal

_ROLES: Final = {0: "member", 1: "admin", 2: "client", 3: "peer", 4: "orderer"}
_MAX_DEPTH: Final = 100


def parse_envelope(data: bytes) -> Policy:
    """Read a serialized ``SignaturePolicyEnvelope``.

    :raises ProtocolError: it is none, or names principals by something else than organisation and role.
    """
    try:
        envelope = policies_pb2.SignaturePolicyEnvelope.FromString(data)
        principals = [_principal(identity) for identity in envelope.identities]
        return _rule(envelope.rule, principals, _MAX_DEPTH)
    except (DecodeError, LookupError):
        raise ProtocolError("The validation parameter is no signature policy envelope.") from None


def _principal(identity: msp_principal_pb2.MSPPrincipal) -> Principal:
    if identity.principal_classification != msp_principal_pb2.MSPPrincipal.ROLE:
        raise LookupError
    role = msp_principal_pb2.MSPRole.FromString(identity.principal)
    return Principal(role.msp_identifier, _ROLES[role.role])


def _rule(rule: policies_pb2.SignaturePolicy, principals: list[Principal], depth: int) -> Policy:
    kind = rule.WhichOneof("Type")
    if kind is None or depth == 0:
        raise LookupError
    if kind == "signed_by":
        if rule.signed_by < 0:
            raise LookupError
        return principals[rule.signed_by]
    rules = tuple(_rule(each, principals, depth - 1) for each in rule.n_out_of.rules)
    return OutOf(rule.n_out_of.n, rules)
