"""Channels: what is done is left alone, a refusal names node and channel."""

from __future__ import annotations

from pathlib import Path

import pytest
from carechannel.sdk.admin import NodeRefusedError
from fabric_network.administration import Administration
from fabric_network.channels import Channels
from fabric_network.errors import ChannelError
from fabric_network.execute import Executor
from fabric_network.paths import Layout
from fabric_network.topology import NodeKind

from tests.unit.network.builders import dev_topology
from tests.unit.network.ledgers import Nodes
from tests.unit.network.scripted import Programs


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    stand_in = Nodes()
    monkeypatch.setattr("fabric_network.channels.Administration", lambda _topology, _layout: stand_in)
    return stand_in


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path, "dev")
    layout.channels.mkdir(parents=True)
    for name in dev_topology().channels:
        layout.block(name).write_bytes(f"genesis block of {name}".encode())
    return layout


@pytest.fixture
def programs(layout: Layout) -> Programs:
    programs = Programs(layout.bin)
    programs.provide("configtxgen")
    return programs


@pytest.fixture
def channels(layout: Layout, nodes: Nodes) -> Channels:
    return Channels(dev_topology(), layout, Executor())


def test_every_consenter_joins_its_channels(channels: Channels, nodes: Nodes) -> None:
    assert sorted(channels.join_orderers()) == [
        "orderer0.hospital-a: cancer-registry",
        "orderer0.hospital-a: regional-care",
        "orderer0.hospital-b: regional-care",
        "orderer0.regulator: cancer-registry",
        "orderer0.regulator: regional-care",
    ]
    assert nodes.joined["orderer0.hospital-b"] == ["regional-care"]


def test_joined_orderers_are_left_alone(channels: Channels, nodes: Nodes) -> None:
    channels.join_orderers()
    assert channels.join_orderers() == []


def test_peers_join_what_is_missing(channels: Channels, nodes: Nodes) -> None:
    peers = ("peer0.hospital-a", "peer0.hospital-b", "peer0.regulator")
    nodes.joined = {peer: ["regional-care"] for peer in peers}
    assert channels.join_peers() == [
        "peer0.hospital-a: cancer-registry",
        "peer0.regulator: cancer-registry",
    ]
    assert nodes.calls["join"] == 2


@pytest.mark.parametrize("call", ["channels", "join"])
def test_refused_node_is_named(channels: Channels, nodes: Nodes, call: str) -> None:
    for join in (channels.join_peers, channels.join_orderers):
        nodes.failures[call] = [NodeRefusedError("It said: access denied.", 500, "access denied")]
        with pytest.raises(
            ChannelError, match=r"(peer|orderer)0\.\S+: .*access denied.*logs (peer|orderer)0"
        ):
            join()


def test_the_administrators_own_certificate_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        "fabric_network.administration.Participation", lambda *files, timeout: shown.append(files)
    )
    topology, layout = dev_topology(), Layout(tmp_path, "dev")
    orderer = topology.nodes_of(NodeKind.ORDERER, "hospital-b")[0]
    Administration(topology, layout).participation(orderer)
    tls = layout.organization("hospital-b").user("admin").tls
    assert shown == [(f"127.0.0.1:{orderer.admin}", tls.ca, tls.certificate, tls.key)]


def test_genesis_block_is_made_once(channels: Channels, programs: Programs, layout: Layout) -> None:
    programs.answer("configtxgen")
    for name in dev_topology().channels:
        layout.block(name).unlink()
    with pytest.raises(FileNotFoundError):
        channels.make_genesis_blocks()
    for name in ("regional-care", "cancer-registry"):
        layout.block(name).write_bytes(b"block")
    calls = len(programs.calls("configtxgen"))
    channels.make_genesis_blocks()
    assert len(programs.calls("configtxgen")) == calls


def test_failing_configtxgen_is_told(channels: Channels, programs: Programs, layout: Layout) -> None:
    layout.block("regional-care").unlink()
    programs.answer("configtxgen", status=2, output="panic: no such profile")
    with pytest.raises(ChannelError, match="genesis block of regional-care could not be made: panic"):
        channels.make_genesis_blocks()
