"""The lifecycle: install, approve, commit only what is not done; retry what passes; explain what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fabric_network import lifecycle as module
from fabric_network.errors import LifecycleError
from fabric_network.execute import Executor
from fabric_network.lifecycle import Lifecycle
from fabric_network.paths import Layout
from fabric_network.render.chaincode import package_id
from fabric_network.topology import Topology

from tests.unit.network.builders import dev_topology
from tests.unit.network.scripted import Programs

NOTHING = json.dumps({"chaincode_definitions": []})
SEQUENCE_1 = json.dumps({"chaincode_definitions": [{"name": "care", "sequence": 1, "version": "1.0"}]})


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, "dev")


@pytest.fixture
def programs(layout: Layout) -> Programs:
    programs = Programs(layout.bin)
    programs.provide("peer")
    programs.answer("queryinstalled", output="{}")
    programs.answer("querycommitted", output=NOTHING)
    for word in ("install", "approveformyorg", "commit"):
        programs.answer(word)
    return programs


def lifecycle(layout: Layout, topology: Topology | None = None) -> Lifecycle:
    return Lifecycle(topology or dev_topology(), layout, Executor())


def value(call: list[str], option: str) -> str:
    return call[call.index(option) + 1]


def test_every_peer_installs_what_its_channels_run(layout: Layout, programs: Programs) -> None:
    assert lifecycle(layout).install() == [
        "peer0.hospital-a: care_1.0",
        "peer0.hospital-b: care_1.0",
        "peer0.regulator: care_1.0",
    ]
    assert {call[-1] for call in programs.calls("install")} == {str(layout.package("care_1.0"))}


def test_installed_package_is_left_alone(layout: Layout, programs: Programs) -> None:
    (chaincode,) = dev_topology().chaincodes()
    programs.answer("queryinstalled", output=json.dumps([{"package_id": package_id(chaincode)}]))
    assert lifecycle(layout).install() == []
    assert programs.calls("install") == []


def test_each_member_with_a_peer_approves_and_one_commits(layout: Layout, programs: Programs) -> None:
    assert lifecycle(layout).deploy() == ["regional-care: care_1.0", "cancer-registry: care_1.0"]
    assert len(programs.calls("approveformyorg", "regional-care")) == 3
    assert len(programs.calls("approveformyorg", "cancer-registry")) == 2
    (commit,) = programs.calls("commit", "regional-care")
    assert commit.count("--peerAddresses") == 3
    assert value(commit, "--sequence") == "1"
    assert value(commit, "--signature-policy").startswith("OutOf(2,")
    approval = programs.calls("approveformyorg", "regional-care")[0]
    assert value(approval, "--package-id") == package_id(dev_topology().chaincodes()[0])


def test_deploying_again_changes_nothing(layout: Layout, programs: Programs) -> None:
    lifecycle(layout).deploy()
    programs.answer("querycommitted", output=SEQUENCE_1)
    before = len(programs.calls("commit"))
    assert lifecycle(layout).deploy() == []
    assert len(programs.calls("commit")) == before


def test_changed_policy_is_committed_under_the_next_sequence(layout: Layout, programs: Programs) -> None:
    lifecycle(layout).deploy()
    programs.answer("querycommitted", output=SEQUENCE_1)
    topology = dev_topology()
    channel = topology.channels["cancer-registry"]
    looser = channel.chaincodes["care"].model_copy(update={"endorsement": "OR('HospitalAMSP.peer')"})
    changed = channel.model_copy(update={"chaincodes": {"care": looser}})
    topology = topology.model_copy(update={"channels": {**topology.channels, "cancer-registry": changed}})
    assert lifecycle(layout, topology).deploy() == ["cancer-registry: care_1.0"]
    commit = programs.calls("commit", "cancer-registry")[-1]
    assert value(commit, "--sequence") == "2"
    assert value(commit, "--signature-policy") == "OR('HospitalAMSP.peer')"


def test_approval_that_stands_already_is_no_failure(layout: Layout, programs: Programs) -> None:
    """As after an interruption between approval and commit."""
    said = "Error: proposal failed with status: 500 - attempted to redefine uncommitted sequence (1) for care"
    programs.answer("approveformyorg", status=1, output=said)
    assert len(lifecycle(layout).deploy()) == 2


def test_refusal_is_told_with_peer_channel_and_reason(layout: Layout, programs: Programs) -> None:
    programs.answer("commit", status=1, output="Error: ENDORSEMENT_POLICY_FAILURE")
    with pytest.raises(
        LifecycleError, match=r"did not commit care_1\.0 on .*ENDORSEMENT_POLICY_FAILURE.*logs"
    ):
        lifecycle(layout).deploy()


def test_what_passes_by_itself_is_tried_again(
    layout: Layout, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 2.0)
    programs.answer("approveformyorg", status=1, output="Error: SERVICE_UNAVAILABLE: no Raft leader")
    with pytest.raises(LifecycleError, match="no Raft leader"):
        lifecycle(layout).deploy()
    assert len(programs.calls("approveformyorg", "cancer-registry")) > 2
