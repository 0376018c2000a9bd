"""Members are made known through the `carechannel` command, once, by each member's administrator."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabric_network import members as module
from fabric_network.errors import MemberError
from fabric_network.execute import Executor
from fabric_network.members import Members
from fabric_network.paths import Layout
from fabric_network.topology import Topology

from tests.unit.network.builders import dev_topology
from tests.unit.network.scripted import Programs


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path, "dev")


@pytest.fixture
def programs(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Programs:
    programs = Programs(layout.bin)
    programs.provide("carechannel")
    programs.answer("carechannel")
    monkeypatch.setattr(module, "carechannel", lambda: layout.bin / "carechannel")
    return programs


def members(layout: Layout, topology: Topology | None = None) -> Members:
    return Members(topology or dev_topology(), layout, Executor())


def test_all_join_before_anybody_approves(layout: Layout, programs: Programs) -> None:
    assert members(layout).introduce() == ["regional-care", "cancer-registry"]
    actions = [call[2] for call in programs.calls()]
    assert actions == ["join"] * 4 + ["approve"] * 4
    clinic = layout.organization("clinic").user("admin").root
    assert len(programs.calls("join", "regional-care", str(clinic), str(layout.profile("clinic")))) == 1
    assert all("--all" in call for call in programs.calls("approve"))


def test_once_is_enough(layout: Layout, programs: Programs) -> None:
    members(layout).introduce()
    assert members(layout).introduce() == []
    assert len(programs.calls()) == 8


def test_renamed_member_is_introduced_again(layout: Layout, programs: Programs) -> None:
    members(layout).introduce()
    topology = dev_topology()
    renamed = topology.organizations["clinic"].model_copy(update={"name": "Town Clinic"})
    topology = topology.model_copy(update={"organizations": {**topology.organizations, "clinic": renamed}})
    assert members(layout, topology).introduce() == ["regional-care"]


def test_other_chaincodes_know_no_members(layout: Layout, programs: Programs) -> None:
    topology = dev_topology()
    channels = {}
    for name, channel in topology.channels.items():
        other = channel.chaincodes["care"].model_copy(update={"module": "something_else"})
        channels[name] = channel.model_copy(update={"chaincodes": {"care": other}})
    assert members(layout, topology.model_copy(update={"channels": channels})).introduce() == []
    assert programs.calls() == []


def test_refusal_is_told_in_the_commands_own_words_and_tried_again(
    layout: Layout, programs: Programs
) -> None:
    programs.answer("approve", "regional-care", status=1, output="Error: not-allowed: no administrator")
    with pytest.raises(
        MemberError,
        match=r"Hospital A could not approve on regional-care, cancer-registry: .*no administrator",
    ):
        members(layout).introduce()
    programs.answer("approve", "regional-care")
    assert "regional-care" in members(layout).introduce()
