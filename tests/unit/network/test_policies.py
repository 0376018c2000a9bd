"""Signature policies are read as Fabric reads them, and judged by what the members' peers can sign."""

from __future__ import annotations

import pytest
from fabric_network.policies import OutOf, PolicyError, Principal, majority, parse, unsatisfiable_reason

from tests.unit.policy_texts import ACCEPTED, REFUSED

A, B, C = (Principal(f"{name}MSP", "peer") for name in "ABC")
PEERS = {"AMSP": 1, "BMSP": 1, "CMSP": 2, "DMSP": 0}


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("AND('AMSP.peer', 'BMSP.peer')", OutOf(2, (A, B))),
        ("OR('AMSP.peer','BMSP.peer')", OutOf(1, (A, B))),
        ("OutOf(2, 'AMSP.peer', 'BMSP.peer', 'CMSP.peer')", OutOf(2, (A, B, C))),
        ("OutOf('1', 'AMSP.peer', 'BMSP.peer')", OutOf(1, (A, B))),
        ("OutOf(0, 'AMSP.peer')", OutOf(0, (A,))),
        ('and("AMSP.peer", or("BMSP.peer", "CMSP.peer"))', OutOf(2, (A, OutOf(1, (B, C))))),
        ("OR('org.with.dots.admin')", OutOf(1, (Principal("org.with.dots", "admin"),))),
    ],
)
def test_a_policy_is_read(text: str, policy: OutOf) -> None:
    assert parse(text) == policy
    assert parse(str(policy)) == policy


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_fabric_takes_is_taken(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_fabric_refuses_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"\.$"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it ends too early"),
        ("AND(", "it ends too early"),
        ("AND('AMSP.peer'", r"'\)' is expected where the end stands"),
        ("AND('AMSP.peer') x", "something left"),
        ("XOR('AMSP.peer')", "'XOR' stands where AND, OR, OutOf or a quoted principal is expected"),
        ("OutOf('AMSP.peer')", "OutOf does not begin with a number"),
        ("OutOf(5, 'AMSP.peer', 'BMSP.peer')", "OutOf asks for 5 of 2"),
        ("'AMSP.peer'", r"'AMSP\.peer' stands alone, without a gate around it: OR\('AMSP\.peer'\)"),
        ("aNd('AMSP.peer')", "'aNd' stands where AND, OR, OutOf or a quoted principal is expected"),
        (
            "OR('A_B.peer')",
            "'A_B' cannot stand in a policy: an MSP ID has letters, digits, '.' and '-' there",
        ),
        ("OR('AMSP')", "'AMSP' is not 'MSPID.role'"),
        ("OR('AMSP.boss')", "'AMSP.boss' is not 'MSPID.role'"),
        ("OR(AMSP.peer)", "'AMSP.peer' stands where AND, OR, OutOf or a quoted principal"),
        ("OR('AMSP.peer' & 'B')", "'&' cannot be read"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PolicyError, match=reason):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("OutOf(2, 'AMSP.peer', 'BMSP.peer', 'DMSP.peer')", None),
        ("AND('CMSP.peer', 'CMSP.member')", None),
        ("OR('DMSP.peer', 'AMSP.peer')", None),
        ("AND('AMSP.peer', OutOf(0, 'DMSP.peer'))", None),
        ("AND('DMSP.peer', 'AMSP.peer')", "DMSP has no peer."),
        ("OutOf(4, 'AMSP.peer', 'BMSP.peer', 'CMSP.peer')", "it asks for 4 of 3."),
        ("AND('AMSP.peer', 'AMSP.peer')", "it asks for more signatures than there are peers"),
        ("AND('AMSP.peer', OR('AMSP.peer', AND('BMSP.peer', 'BMSP.peer')))", "it asks for more signatures"),
        ("AND('CMSP.peer', 'CMSP.peer', 'CMSP.peer')", "it asks for more signatures"),
        ("OR('AMSP.client')", "'AMSP.client' names a role that endorses nothing (peers do)."),
    ],
)
def test_whether_peers_can_satisfy_it(text: str, reason: str | None) -> None:
    found = unsatisfiable_reason(parse(text), PEERS)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(reason)


@pytest.mark.parametrize(("members", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_a_majority_is_more_than_half(members: int, needed: int) -> None:
    policy = parse(majority(tuple(f"Org{number}MSP" for number in range(members))))
    assert isinstance(policy, OutOf)
    assert (policy.needed, len(policy.rules)) == (needed, members)
