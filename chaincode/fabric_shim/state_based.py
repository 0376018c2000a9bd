"""Key-level endorsement: who must endorse a change of one key, beside or instead of the chaincode's policy.

Source: fabric-chaincode-go pkg/statebased; the policies are equal byte for byte.
"""

from __future__ import annotations

from enum import Enum

from fabric_shim._internal import policy_messages
from fabric_shim.errors import EndorsementPolicyError, ProtocolError

__all__ = ["KeyEndorsementPolicy", "RoleType"]


class RoleType(Enum):
    """Which identities of an organisation may endorse.

    ``PEER`` needs node OUs in the organisation's MSP; ``MEMBER`` suits organisations without them.
    """

    MEMBER = "MEMBER"
    PEER = "PEER"


# msp.MSPRole.MSPRoleType
_NUMBERS = {RoleType.MEMBER: 0, RoleType.PEER: 3}


class KeyEndorsementPolicy:
    """A policy that every listed organisation must satisfy with one endorsement.

    .. code-block:: python

        policy = KeyEndorsementPolicy(await stub.get_state_validation_parameter(key))
        policy.add_orgs(RoleType.PEER, "Org1MSP", "Org2MSP")
        await stub.set_state_validation_parameter(key, policy.policy())

    :param policy: a policy to start from, as :meth:`policy` or Go's made it; None or empty: nobody. Of any
        other policy the organisations are kept, not the rule, as in Go.
    :raises EndorsementPolicyError: it cannot be read.
    """

    def __init__(self, policy: bytes | None = None) -> None:
        try:
            self._roles = policy_messages.roles_of(policy or b"")
        except ProtocolError:
            raise EndorsementPolicyError(
                "The endorsement policy cannot be read; give the bytes of a validation parameter."
            ) from None

    def add_orgs(self, role: RoleType | str, *msp_ids: str) -> None:
        """Require an endorsement of these organisations; one that is there already changes its role.

        :raises EndorsementPolicyError: the role is neither MEMBER nor PEER.
        """
        try:
            number = _NUMBERS[RoleType(role)]
        except ValueError:
            raise EndorsementPolicyError("The role of an endorser is either MEMBER or PEER.") from None
        self._roles.update(dict.fromkeys(msp_ids, number))

    def del_orgs(self, *msp_ids: str) -> None:
        """No longer require these organisations; unknown ones are passed over."""
        for msp_id in msp_ids:
            self._roles.pop(msp_id, None)

    def list_orgs(self) -> list[str]:
        """Return the MSP IDs of the organisations that must endorse, sorted (Go gives them in no order)."""
        return sorted(self._roles)

    def policy(self) -> bytes:
        """Return the serialized ``common.SignaturePolicyEnvelope``, the same bytes on every endorser."""
        return policy_messages.all_of(self._roles)
