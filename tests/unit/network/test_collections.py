"""Private data collections in a topology: read from either place, checked, and put before the peer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from carechannel.sdk.admin import collections_from_json
from fabric_network.errors import TopologyError
from fabric_network.lifecycle import Lifecycle
from fabric_network.paths import Layout
from fabric_network.render.collections import collections_config
from fabric_network.topology import Topology
from fabric_network.topology.read import parse

from tests.unit.network.builders import DEV
from tests.unit.network.ledgers import Nodes

KEY = "channels.cancer-registry.chaincodes.care.collections"
BOTH = "OR('HospitalAMSP.member', 'RegulatorMSP.member')"
SHARED = {
    "name": "sharedCollection",
    "policy": BOTH,
    "requiredPeerCount": 1,
    "maxPeerCount": 1,
    "blockToLive": 1000000,
    "memberOnlyRead": True,
    "memberOnlyWrite": True,
}
OWN = {
    "name": "HospitalAMSPPrivateCollection",
    "policy": "OR('HospitalAMSP.member')",
    "blockToLive": 3,
    "endorsementPolicy": {"signaturePolicy": "OR('HospitalAMSP.member')"},
}
"""Two collections with the keys and shapes of a file of Fabric's samples."""


def topology(collections: object, folder: Path = DEV.parent) -> Topology:
    """dev.yaml whose second channel's chaincode has `collections`; JSON is YAML."""
    before, _, after = DEV.read_text().partition("  cancer-registry:\n")
    line = f"        collections: {json.dumps(collections)}\n"
    after = after.replace("        module: care_contracts\n", "        module: care_contracts\n" + line)
    return parse(f"{before}  cancer-registry:\n{after}", folder / "dev.yaml")


def refusal(*collections: object) -> list[str]:
    with pytest.raises(TopologyError) as caught:
        topology(list(collections))
    return [str(problem) for problem in caught.value.problems]


def test_a_list_in_the_file_and_a_list_in_a_file_beside_it_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "collections").mkdir()
    (tmp_path / "collections" / "config.json").write_text(json.dumps([SHARED, OWN]))
    named = topology("collections/config.json", tmp_path)
    assert named.channels == topology([SHARED, OWN]).channels
    care = named.channels["cancer-registry"].chaincodes["care"]
    assert [one.name for one in care.collections] == ["sharedCollection", "HospitalAMSPPrivateCollection"]
    assert not named.channels["regional-care"].chaincodes["care"].collections


def test_what_the_peer_gets_says_what_the_file_said() -> None:
    care = topology([SHARED, OWN]).channels["cancer-registry"].chaincodes["care"]
    # 1 is Fabric's own default of maxPeerCount.
    shared = {key: value for key, value in SHARED.items() if key != "maxPeerCount"}
    assert json.loads(collections_config(care)) == [shared, OWN]
    assert collections_config(topology([]).channels["cancer-registry"].chaincodes["care"]) == ""


MISTAKES = {
    "an unknown key": (
        {**SHARED, "maxPeers": 1},
        f"{KEY}[0].maxPeers: The key is not known. Did you mean 'maxPeerCount'? Known here: name, policy, ",
    ),
    "an unknown key of the inner policy": (
        {**OWN, "endorsementPolicy": {"signature": BOTH}},
        f"{KEY}[0].endorsementPolicy.signature: The key is not known. Did you mean 'signaturePolicy'? "
        "Known here: signaturePolicy, channelConfigPolicy.",
    ),
    "no name": ({"policy": BOTH}, f"{KEY}[0].name: The key is missing. Add it."),
    "a name of Fabric's own": (
        {**OWN, "name": "_implicit_org_HospitalAMSP"},
        f"{KEY}[0].name: '_implicit_org_HospitalAMSP' does not have the form that is needed here. Use ",
    ),
    "yes as a text": (
        {**SHARED, "memberOnlyRead": "yes"},
        f"{KEY}[0].memberOnlyRead: 'yes' is neither true nor false. Write true or false, without quotes.",
    ),
    "a number as a text": (
        {**SHARED, "blockToLive": "3"},
        f"{KEY}[0].blockToLive: '3' is not a whole number.",
    ),
    "fewer copies at most than at least": (
        {**SHARED, "maxPeerCount": 0},
        f"{KEY}[0].maxPeerCount: 0 is less than requiredPeerCount, which is 1. Raise the one ",
    ),
    "a policy that cannot be read": (
        {**OWN, "policy": "OR("},
        f"{KEY}[0].policy: The policy cannot be read: ",
    ),
    "a holder that is no member": (
        {**OWN, "policy": "OR('HospitalBMSP.member')"},
        f"{KEY}[0].policy: HospitalBMSP is not the MSP ID of a member of the channel. Did you mean ",
    ),
    "holders that must come together": (
        {**SHARED, "policy": BOTH.replace("OR", "AND")},
        f"{KEY}[0].policy: Who holds a collection is a choice of single organisations. Write it "
        f"like this: {BOTH}.",
    ),
    "more copies than there are peers": (
        {**SHARED, "requiredPeerCount": 2, "maxPeerCount": 2},
        f"{KEY}[0].requiredPeerCount: Nobody could endorse: there are no 2 other peers that may hold the "
        "data. Write at most 1, ",
    ),
    "an inner policy that nobody can satisfy": (
        {**OWN, "endorsementPolicy": {"signaturePolicy": "OR('HospitalAMSP.client')"}},
        f"{KEY}[0].endorsementPolicy.signaturePolicy: Nobody can satisfy the policy: ",
    ),
    "two inner policies": (
        {**OWN, "endorsementPolicy": {"signaturePolicy": BOTH, "channelConfigPolicy": "Endorsement"}},
        f"{KEY}[0].endorsementPolicy: It has to be one policy. Give signaturePolicy or channelConfigPolicy, ",
    ),
    "no inner policy": (
        {**OWN, "endorsementPolicy": {}},
        f"{KEY}[0].endorsementPolicy: It has to be one policy.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_sentence_with_key_and_mend(mistake: str) -> None:
    collection, expected = MISTAKES[mistake]
    (found,) = refusal(collection)
    assert found.startswith(expected), found
    assert found.endswith(".")


def test_two_collections_of_one_name_are_refused() -> None:
    assert refusal(OWN, OWN) == [
        f"{KEY}: The collection 'HospitalAMSPPrivateCollection' stands 2 times. Give each its own name."
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"[{", "it is not JSON (Expecting"),
        (b"\xff\xfe\x00", "it is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(TopologyError) as caught:
        topology("config.json", tmp_path)
    (found,) = caught.value.problems
    assert str(found).startswith(f"{KEY}: The collections file 'config.json' cannot be read: {reason}")


def test_a_file_with_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SHARED))
    with pytest.raises(TopologyError, match=r"collections: A mapping stands where a list is needed"):
        topology("config.json", tmp_path)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, "dev")


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    stand_in = Nodes()
    monkeypatch.setattr("fabric_network.lifecycle.Administration", lambda _topology, _layout: stand_in)
    return stand_in


def test_members_approve_and_commit_the_collections_of_their_channel_alone(
    layout: Layout, nodes: Nodes
) -> None:
    value = topology([SHARED, OWN])
    Lifecycle(value, layout).deploy()
    with_collections = {
        (peer, channel) for (peer, channel, _), one in nodes.approved.items() if one.definition.collections
    }
    assert with_collections == {
        ("peer0.hospital-a", "cancer-registry"),
        ("peer0.regulator", "cancer-registry"),
    }
    assert nodes.committed["regional-care"]["care"].collections == ()
    rendered = collections_config(value.channels["cancer-registry"].chaincodes["care"])
    assert nodes.committed["cancer-registry"]["care"].collections == collections_from_json(rendered)


def test_changed_collections_are_committed_under_the_next_sequence(layout: Layout, nodes: Nodes) -> None:
    Lifecycle(topology([OWN]), layout).deploy()
    assert Lifecycle(topology([OWN]), layout).deploy() == []
    longer = topology([{**OWN, "blockToLive": 5}])
    assert Lifecycle(longer, layout).deploy() == ["cancer-registry: care_1.0"]
    assert nodes.committed["cancer-registry"]["care"].sequence == 2
