"""The lifecycle: install, approve, commit only what is not done; retry what passes; explain what does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from carechannel.sdk.admin import (
    NodeRefusedError,
    NodesDisagreeError,
    NodeUnreachableError,
    NotCommittedError,
)
from fabric_network import deployment as module
from fabric_network.errors import LifecycleError
from fabric_network.files import write
from fabric_network.lifecycle import Lifecycle
from fabric_network.paths import Layout
from fabric_network.render.chaincode import package, package_id
from fabric_network.topology import Topology

from tests.unit.network.builders import dev_topology
from tests.unit.network.ledgers import Nodes


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path, "dev")
    (chaincode,) = dev_topology().chaincodes()
    write(layout.package(chaincode.label), package(chaincode))
    return layout


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    stand_in = Nodes()
    monkeypatch.setattr("fabric_network.lifecycle.Administration", lambda _topology, _layout: stand_in)
    monkeypatch.setattr(module, "RETRY_INTERVAL", 0.01)
    return stand_in


def lifecycle(layout: Layout, topology: Topology | None = None) -> Lifecycle:
    return Lifecycle(topology or dev_topology(), layout)


def refused(reason: str, status: int | str = 500) -> NodeRefusedError:
    return NodeRefusedError(f"127.0.0.1:1 did not: {reason}.", status, reason)


def test_every_peer_installs_what_its_channels_run(layout: Layout, nodes: Nodes) -> None:
    assert lifecycle(layout).install() == [
        "peer0.hospital-a: care_1.0",
        "peer0.hospital-b: care_1.0",
        "peer0.regulator: care_1.0",
    ]
    assert set(nodes.installed["peer0.regulator"]) == {package_id(dev_topology().chaincodes()[0])}


def test_installed_package_is_left_alone(layout: Layout, nodes: Nodes) -> None:
    lifecycle(layout).install()
    assert lifecycle(layout).install() == []
    assert nodes.calls["install"] == 3


def test_each_member_with_a_peer_approves_and_one_commits(layout: Layout, nodes: Nodes) -> None:
    assert lifecycle(layout).deploy() == ["regional-care: care_1.0", "cancer-registry: care_1.0"]
    assert (nodes.calls["approve"], nodes.calls["commit"]) == (5, 2)
    assert sorted(map(len, nodes.endorsers)) == [2, 3]
    committed = nodes.committed["regional-care"]["care"]
    assert (committed.sequence, committed.version) == (1, "1.0")
    assert committed.endorsement.startswith("OutOf(2,")
    identifier = package_id(dev_topology().chaincodes()[0])
    assert {one.package_id for one in nodes.approved.values()} == {identifier}


def test_deploying_again_changes_nothing(layout: Layout, nodes: Nodes) -> None:
    lifecycle(layout).deploy()
    assert lifecycle(layout).deploy() == []
    assert (nodes.calls["approve"], nodes.calls["commit"]) == (5, 2)


def test_changed_policy_is_committed_under_the_next_sequence(layout: Layout, nodes: Nodes) -> None:
    lifecycle(layout).deploy()
    topology = dev_topology()
    channel = topology.channels["cancer-registry"]
    looser = channel.chaincodes["care"].model_copy(update={"endorsement": "OR('HospitalAMSP.peer')"})
    changed = channel.model_copy(update={"chaincodes": {"care": looser}})
    topology = topology.model_copy(update={"channels": {**topology.channels, "cancer-registry": changed}})
    assert lifecycle(layout, topology).deploy() == ["cancer-registry: care_1.0"]
    committed = nodes.committed["cancer-registry"]["care"]
    assert (committed.sequence, committed.endorsement) == (2, "OR('HospitalAMSP.peer')")


def test_a_policy_written_otherwise_is_no_change(layout: Layout, nodes: Nodes) -> None:
    lifecycle(layout).deploy()
    topology = dev_topology()
    channel = topology.channels["cancer-registry"]
    spelled = channel.chaincodes["care"].model_copy(
        update={"endorsement": "OutOf(2, 'HospitalAMSP.peer','RegulatorMSP.peer')"}
    )
    changed = channel.model_copy(update={"chaincodes": {"care": spelled}})
    topology = topology.model_copy(update={"channels": {**topology.channels, "cancer-registry": changed}})
    assert lifecycle(layout, topology).deploy() == []


def test_another_package_is_approved_under_the_next_sequence(layout: Layout, nodes: Nodes) -> None:
    lifecycle(layout).deploy()
    key = ("peer0.regulator", "cancer-registry", "care")
    nodes.approved[key] = type(nodes.approved[key])(nodes.approved[key].definition, "care_1.0:other")
    assert lifecycle(layout).deploy() == ["cancer-registry: care_1.0"]
    assert nodes.committed["cancer-registry"]["care"].sequence == 2


def test_approval_that_stands_already_is_no_failure(layout: Layout, nodes: Nodes) -> None:
    """As after an interruption between approval and commit."""
    lifecycle(layout).deploy()
    nodes.committed.clear()
    assert len(lifecycle(layout).deploy()) == 2


def test_refusal_is_told_with_peer_channel_and_reason(layout: Layout, nodes: Nodes) -> None:
    nodes.failures["commit"] = [refused("ENDORSEMENT_POLICY_FAILURE")]
    with pytest.raises(LifecycleError, match=r"peer0\.\S+: .*ENDORSEMENT_POLICY_FAILURE.*logs peer0"):
        lifecycle(layout).deploy()


def test_what_passes_by_itself_is_tried_again(layout: Layout, nodes: Nodes) -> None:
    nodes.failures["approve"] = [
        refused("no Raft leader"),
        refused("", "SERVICE_UNAVAILABLE"),
        NodeUnreachableError("connection refused"),
    ]
    assert len(lifecycle(layout).deploy()) == 2


def test_peers_that_lag_behind_are_waited_for(layout: Layout, nodes: Nodes) -> None:
    """Each approval is awaited at the approver's own peer alone: the others may hear of it later."""
    nodes.failures["commit"] = [
        NodesDisagreeError("one endorsed something else"),
        NotCommittedError("found invalid", "00", "MVCC_READ_CONFLICT"),
    ]
    assert len(lifecycle(layout).deploy()) == 2
    assert nodes.calls["commit"] == 4


def test_a_transaction_found_invalid_for_good_is_told(layout: Layout, nodes: Nodes) -> None:
    nodes.failures["commit"] = [NotCommittedError("found invalid", "00", "ENDORSEMENT_POLICY_FAILURE")]
    with pytest.raises(LifecycleError, match="found invalid"):
        lifecycle(layout).deploy()


def test_what_does_not_pass_is_given_up(
    layout: Layout, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    nodes.failures["approve"] = [refused("no Raft leader") for _ in range(1000)]
    with pytest.raises(LifecycleError, match="no Raft leader"):
        lifecycle(layout).deploy()


def test_a_commit_of_which_nothing_was_heard_is_not_repeated(layout: Layout, nodes: Nodes) -> None:
    """The first attempt does its work, and its answer is lost."""
    real = nodes.called

    def lossy(name: str) -> None:
        real(name)
        if name == "commit":
            for channel in ("regional-care", "cancer-registry"):
                approved = nodes.approved.get(("peer0.hospital-a", channel, "care"))
                if approved:
                    nodes.committed.setdefault(channel, {})["care"] = approved.definition
            raise NodeUnreachableError("within the time given", outcome_unknown=True)

    nodes.called = lossy  # type: ignore[method-assign]
    assert len(lifecycle(layout).deploy()) == 2
    assert nodes.calls["commit"] <= 2
