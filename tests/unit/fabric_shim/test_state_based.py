"""Key-level endorsement policies, byte for byte as fabric-chaincode-go makes them."""

from __future__ import annotations

import pytest
from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_shim.errors import EndorsementPolicyError
from fabric_shim.state_based import KeyEndorsementPolicy, RoleType


def policy(*steps: tuple[RoleType | str, tuple[str, ...]], without: tuple[str, ...] = ()) -> bytes:
    made = KeyEndorsementPolicy()
    for role, msp_ids in steps:
        made.add_orgs(role, *msp_ids)
    made.del_orgs(*without)
    return made.policy()


# Printed by statebased.NewStateEP(nil)…Policy() of fabric-chaincode-go v2.3.0.
NOBODY = "12021200"
TWO_PEERS = "120c120a080212020800120208011a0d120b0a074f7267314d535010031a0d120b0a074f7267324d53501003"
MIXED = (
    "1210120e08031202080012020801120208021a0812060a04424d5350"
    "1a0a12080a04614d535010031a0b12090a05c3844d53501003"
)


def test_the_same_bytes_as_go() -> None:
    assert policy().hex() == NOBODY
    assert policy((RoleType.PEER, ("Org2MSP", "Org1MSP"))).hex() == TWO_PEERS
    mixed = policy((RoleType.MEMBER, ("BMSP",)), ("PEER", ("aMSP", "ÄMSP", "AMSP")), without=("AMSP", "none"))
    assert mixed.hex() == MIXED


@pytest.mark.parametrize("text", [NOBODY, TWO_PEERS, MIXED])
def test_policies_are_read_back(text: str) -> None:
    assert KeyEndorsementPolicy(bytes.fromhex(text)).policy().hex() == text


def test_organisations() -> None:
    made = KeyEndorsementPolicy(bytes.fromhex(TWO_PEERS))
    assert made.list_orgs() == ["Org1MSP", "Org2MSP"]
    made.add_orgs(RoleType.MEMBER, "Org1MSP", "AMSP")
    made.del_orgs("Org2MSP", "never there")
    assert made.list_orgs() == ["AMSP", "Org1MSP"]
    envelope = policies_pb2.SignaturePolicyEnvelope.FromString(made.policy())
    roles = [msp_principal_pb2.MSPRole.FromString(one.principal) for one in envelope.identities]
    assert [(role.msp_identifier, role.role) for role in roles] == [("AMSP", 0), ("Org1MSP", 0)]
    assert envelope.rule.n_out_of.n == 2
    made.add_orgs("PEER")
    assert made.list_orgs() == ["AMSP", "Org1MSP"]


@pytest.mark.parametrize("nothing", [None, b""])
def test_an_empty_policy_requires_nobody(nothing: bytes | None) -> None:
    made = KeyEndorsementPolicy(nothing)
    assert made.list_orgs() == []
    assert made.policy().hex() == NOBODY


def test_other_roles_and_principals_of_a_policy() -> None:
    """Roles that add_orgs does not know stay as they are; principals that are no roles are left out."""
    admin = msp_principal_pb2.MSPRole(msp_identifier="AMSP", role=msp_principal_pb2.MSPRole.ADMIN)
    unit = msp_principal_pb2.OrganizationUnit(msp_identifier="BMSP")
    envelope = policies_pb2.SignaturePolicyEnvelope(
        identities=[
            msp_principal_pb2.MSPPrincipal(
                principal_classification=msp_principal_pb2.MSPPrincipal.ROLE,
                principal=admin.SerializeToString(),
            ),
            msp_principal_pb2.MSPPrincipal(
                principal_classification=msp_principal_pb2.MSPPrincipal.ORGANIZATION_UNIT,
                principal=unit.SerializeToString(),
            ),
        ]
    )
    read = KeyEndorsementPolicy(envelope.SerializeToString())
    assert read.list_orgs() == ["AMSP"]
    written = policies_pb2.SignaturePolicyEnvelope.FromString(read.policy())
    role = msp_principal_pb2.MSPRole.FromString(written.identities[0].principal)
    assert role.role == msp_principal_pb2.MSPRole.ADMIN


@pytest.mark.parametrize("role", ["ADMIN", "peer", ""])
def test_roles_that_cannot_endorse(role: str) -> None:
    made = KeyEndorsementPolicy()
    with pytest.raises(EndorsementPolicyError, match="MEMBER or PEER"):
        made.add_orgs(role, "AMSP")
    assert made.list_orgs() == []


def test_what_is_no_policy() -> None:
    unreadable = policies_pb2.SignaturePolicyEnvelope(
        identities=[msp_principal_pb2.MSPPrincipal(principal=b"\xff")]
    )
    for policy_bytes in (b"\xff", unreadable.SerializeToString()):
        with pytest.raises(EndorsementPolicyError, match="cannot be read"):
            KeyEndorsementPolicy(policy_bytes)
