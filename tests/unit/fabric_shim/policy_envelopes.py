"""Writes the policies that the simulator reads: values for ``set_state_validation_parameter``."""

from __future__ import annotations

from fabric_protos.common.policies_pb2 import SignaturePolicy, SignaturePolicyEnvelope
from fabric_protos.msp.msp_principal_pb2 import MSPPrincipal, MSPRole
from fabric_shim.testing.policies import Policy, Principal


def serialize_envelope(policy: Policy) -> bytes:
    """Make a ``SignaturePolicyEnvelope`` of a policy."""
    identities: list[MSPPrincipal] = []
    rule = _serialize(policy, identities)
    return SignaturePolicyEnvelope(rule=rule, identities=identities).SerializeToString(deterministic=True)


def _serialize(policy: Policy, identities: list[MSPPrincipal]) -> SignaturePolicy:
    if isinstance(policy, Principal):
        role = MSPRole(msp_identifier=policy.msp_id, role=MSPRole.MSPRoleType.Value(policy.role.upper()))
        identities.append(
            MSPPrincipal(
                principal_classification=MSPPrincipal.ROLE,
                principal=role.SerializeToString(deterministic=True),
            )
        )
        return SignaturePolicy(signed_by=len(identities) - 1)
    rules = [_serialize(rule, identities) for rule in policy.rules]
    return SignaturePolicy(n_out_of=SignaturePolicy.NOutOf(n=policy.count, rules=rules))
