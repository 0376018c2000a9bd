"""Definitions and collections: what Fabric would not take is refused; meaning counts, not spelling."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from carechannel.sdk.admin import ChaincodeDefinition, Collection, DefinitionError, collections_from_json
from carechannel.sdk.admin import _policy_messages as messages
from fabric_protos.common import policies_pb2
from fabric_protos.msp import msp_principal_pb2
from fabric_protos.peer import policy_pb2

from tests.unit.policy_texts import ACCEPTED, REFUSED

GOOD = ChaincodeDefinition("care", "1.0", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "-a"},
        {"name": "a--b"},
        {"version": ""},
        {"version": "1 0"},
        {"sequence": 0},
        {"sequence": -1},
        {"sequence": 2**63},
        {"endorsement": "A.peer"},
        {"endorsement": "OR('A.peer')", "channel_policy": "/Channel/Application/Admins"},
    ],
)
def test_what_fabric_does_not_take_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DefinitionError):
        replace(GOOD, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"max_peer_count": 2**31}, {"block_to_live": 2**64}, {"block_to_live": -1}]
)
def test_counts_that_fabric_has_no_room_for_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(DefinitionError, match="counts"):
        replace(Collection("shared", "OR('A.member')"), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ACCEPTED)
def test_policies_survive_the_way_to_fabric_and_back(text: str) -> None:
    there = messages.application_policy(text, "")
    back, name = messages.read_application_policy(there, "peer")
    assert name == ""
    assert messages.application_policy(back, "") == there


@pytest.mark.parametrize("text", REFUSED)
def test_policies_that_fabric_refuses_are_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        replace(GOOD, endorsement=text or "?")


def test_principals_are_listed_as_fabrics_parser_lists_them() -> None:
    """Inner gates first, and as often as they occur: definitions are compared byte by byte."""
    content = messages.application_policy("OR('A.peer', AND('B.peer', 'A.peer'), 'B.peer')", "")
    envelope = policy_pb2.ApplicationPolicy.FromString(content).signature_policy
    listed = [
        msp_principal_pb2.MSPRole.FromString(one.principal).msp_identifier for one in envelope.identities
    ]
    assert listed == ["B", "A", "A", "B"]
    outer = policies_pb2.SignaturePolicy.NOutOf
    assert isinstance(envelope.rule.n_out_of, outer)
    assert [
        rule.signed_by for rule in envelope.rule.n_out_of.rules if rule.WhichOneof("Type") == "signed_by"
    ] == [
        2,
        3,
    ]


def test_collections_of_a_file_and_their_defaults() -> None:
    (found,) = collections_from_json(json.dumps([{"name": "c", "policy": "OR('A.member')"}]))
    assert found == Collection("c", "OR('A.member')", 0, 1)
    (full,) = collections_from_json(
        json.dumps(
            [
                {
                    "name": "c",
                    "policy": "OR('A.member')",
                    "requiredPeerCount": 1,
                    "maxPeerCount": 2,
                    "blockToLive": 3,
                    "memberOnlyRead": True,
                    "memberOnlyWrite": True,
                    "endorsementPolicy": {"channelConfigPolicy": "/Channel/Application/Admins"},
                }
            ]
        )
    )
    there = messages.collection_package([full])
    assert messages.read_collections(there, "peer") == (replace(full, members="OutOf(1, 'A.member')"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}x",
        "7",
        "[7]",
        '[{"name": "c"}]',
        '[{"name": "c", "policy": "A"}]',
        '[{"name": 7, "policy": "OR(\'A.member\')"}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "maxpeercount": 1}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "requiredPeerCount": true}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "requiredPeerCount": 2}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "blockToLive": -1}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "memberOnlyRead": "yes"}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "endorsementPolicy": {"policy": "x"}}]',
        '[{"name": "c", "policy": "OR(\'A.member\')", "endorsementPolicy": 7}]',
    ],
)
def test_collections_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        collections_from_json(text)


def test_the_same_definition_may_be_written_otherwise() -> None:
    one = replace(GOOD, endorsement="OR('A.peer','B.peer')", collections=(Collection("c", "OR('A.member')"),))
    other = replace(
        one,
        sequence=7,
        endorsement="OutOf(1, 'A.peer', 'B.peer')",
        collections=(Collection("c", "OutOf(1,'A.member')"),),
    )
    assert one.same_as(other)
    assert GOOD.same_as(replace(GOOD, channel_policy="/Channel/Application/Endorsement"))
    for change in (
        {"version": "1.1"},
        {"endorsement": "AND('A.peer','B.peer')"},
        {"collections": ()},
        {"init_required": True},
    ):
        assert not one.same_as(replace(one, **change))  # type: ignore[arg-type]
