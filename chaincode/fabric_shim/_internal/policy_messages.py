"""Signature policies as key-level endorsement writes them.

Source: fabric-protos common/policies.proto and msp/msp_principal.proto; fabric-chaincode-go
pkg/statebased/statebasedimpl.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2

from fabric_shim._internal.messages import decode


def all_of(roles: Mapping[str, int]) -> bytes:
    """Make the policy that needs one signature of every MSP, by an identity in its role (MSPRoleType).

    The principals stand in the order of their MSP IDs.
    """
    rules: list[policies_pb2.SignaturePolicy] = []
    principals: list[msp_principal_pb2.MSPPrincipal] = []
    for msp_id in sorted(roles):
        role = msp_principal_pb2.MSPRole(
            msp_identifier=msp_id, role=msp_principal_pb2.MSPRole.MSPRoleType.ValueType(roles[msp_id])
        )
        principals.append(
            msp_principal_pb2.MSPPrincipal(
                principal_classification=msp_principal_pb2.MSPPrincipal.ROLE,
                principal=role.SerializeToString(),
            )
        )
        rules.append(policies_pb2.SignaturePolicy(signed_by=len(rules)))
    every = policies_pb2.SignaturePolicy.NOutOf(n=len(rules), rules=rules)
    envelope = policies_pb2.SignaturePolicyEnvelope(
        rule=policies_pb2.SignaturePolicy(n_out_of=every), identities=principals
    )
    return envelope.SerializeToString(deterministic=True)


def roles_of(policy: bytes) -> dict[str, int]:
    """Give MSP ID and role of each role principal of a policy; other principals are left out, as in Go.

    :raises ProtocolError: it is no signature policy.
    """
    roles: dict[str, int] = {}
    for principal in decode(policies_pb2.SignaturePolicyEnvelope, policy).identities:
        if principal.principal_classification == msp_principal_pb2.MSPPrincipal.ROLE:
            role = decode(msp_principal_pb2.MSPRole, principal.principal)
            roles[role.msp_identifier] = role.role
    return roles
