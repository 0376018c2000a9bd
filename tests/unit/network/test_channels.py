"""Channels: what is done is left alone, a refusal names node and channel."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabric_network.channels import Channels
from fabric_network.errors import ChannelError
from fabric_network.execute import Executor
from fabric_network.paths import Layout, TlsLayout
from fabric_network.topology import Node

from tests.unit.network.builders import dev_topology
from tests.unit.network.scripted import Programs


class Orderers:
    """Stand in for the orderers' admin ports: which channels each has joined, and what it was shown."""

    def __init__(self) -> None:
        self.joined: dict[str, set[str]] = {}
        self.shown: dict[str, TlsLayout] = {}

    def __call__(self, node: Node, admin: TlsLayout) -> Orderers.One:
        self.shown[node.name] = admin
        return self.One(self.joined.setdefault(node.name, set()))

    class One:
        def __init__(self, joined: set[str]) -> None:
            self._joined = joined

        def channels(self) -> set[str]:
            return set(self._joined)

        def join(self, channel: str, genesis_block: Path) -> None:
            self._joined.add(channel)


@pytest.fixture
def orderers(monkeypatch: pytest.MonkeyPatch) -> Orderers:
    stand_in = Orderers()
    monkeypatch.setattr("fabric_network.channels.Participation", stand_in)
    return stand_in


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path, "dev")
    layout.channels.mkdir(parents=True)
    return layout


@pytest.fixture
def programs(layout: Layout) -> Programs:
    programs = Programs(layout.bin)
    programs.provide("peer", "configtxgen")
    programs.answer("peer", "list", output="Channels peers has joined: ")
    programs.answer("peer", "join", output="")
    return programs


@pytest.fixture
def channels(layout: Layout) -> Channels:
    return Channels(dev_topology(), layout, Executor())


def test_every_consenter_joins_its_channels(channels: Channels, orderers: Orderers) -> None:
    assert sorted(channels.join_orderers()) == [
        "orderer0.hospital-a: cancer-registry",
        "orderer0.hospital-a: regional-care",
        "orderer0.hospital-b: regional-care",
        "orderer0.regulator: cancer-registry",
        "orderer0.regulator: regional-care",
    ]
    assert orderers.joined["orderer0.hospital-b"] == {"regional-care"}


def test_joined_orderers_are_left_alone(channels: Channels, orderers: Orderers) -> None:
    channels.join_orderers()
    assert channels.join_orderers() == []


def test_the_administrators_own_certificate_is_shown(
    channels: Channels, orderers: Orderers, layout: Layout
) -> None:
    channels.join_orderers()
    assert orderers.shown["orderer0.hospital-b"] == layout.organization("hospital-b").user("admin").tls


def test_peers_join_what_is_missing(channels: Channels, programs: Programs) -> None:
    programs.answer("peer", "list", output="Channels peers has joined: \nregional-care")
    assert channels.join_peers() == [
        "peer0.hospital-a: cancer-registry",
        "peer0.regulator: cancer-registry",
    ]
    assert len(programs.calls("peer", "join")) == 2


def test_refused_peer_is_named(channels: Channels, programs: Programs) -> None:
    programs.answer("peer", "join", status=1, output="Error: proposal failed: access denied")
    with pytest.raises(ChannelError, match=r"peer0\.\S+ did not join regional-care: .*access denied"):
        channels.join_peers()


def test_genesis_block_is_made_once(channels: Channels, programs: Programs, layout: Layout) -> None:
    programs.answer("configtxgen")
    with pytest.raises(FileNotFoundError):
        channels.make_genesis_blocks()
    for name in ("regional-care", "cancer-registry"):
        layout.block(name).write_bytes(b"block")
    calls = len(programs.calls("configtxgen"))
    channels.make_genesis_blocks()
    assert len(programs.calls("configtxgen")) == calls


def test_failing_configtxgen_is_told(channels: Channels, programs: Programs) -> None:
    programs.answer("configtxgen", status=2, output="panic: no such profile")
    with pytest.raises(ChannelError, match="genesis block of regional-care could not be made: panic"):
        channels.make_genesis_blocks()
