"""The report on a network, for people and programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fabric_network.paths import Layout
from fabric_network.status import NetworkStatus, NodeStatus, network_status, to_json, to_tables
from rich.console import Console

from tests.unit.network.builders import dev_topology

WRONG = "no TLS connection to its port 17005"


def node(name: str, role: str = "peer", health: str = "ok", **heights: int) -> NodeStatus:
    return NodeStatus(
        node=name,
        role=role,
        organization="hospital-a",
        pid=4194304,
        port=65535,
        health=health,
        heights={channel.replace("_", "-"): height for channel, height in heights.items()},
        certificate_expires=datetime(2027, 11, 23, 12, tzinfo=UTC),
    )


def text(status: NetworkStatus, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        for table in to_tables(status):
            console.print(table)
    return captured.get()


def test_table_fits_80_columns_and_shows_everything() -> None:
    status = NetworkStatus(
        "dev",
        (
            node("orderer0.hospital-a", "orderer", regional_care=7),
            node("peer0.hospital-a", regional_care=7, cancer_registry=3),
            node("peer0.hospital-b", regional_care=6),
            node("care.hospital-a", "chaincode", WRONG),
        ),
    )
    shown = text(status)
    assert max(len(line) for line in shown.splitlines()) <= 80
    words = ("orderer0.hospital-a", "chaincode", "4194304", "65535", "ok", "failing", "2027-11-23", WRONG)
    assert [word for word in words if word not in shown] == []
    rows = [line.split() for line in shown.splitlines()]
    assert ["regional-care", "7", "orderer0.hospital-a,", "peer0.hospital-a"] in rows
    assert ["regional-care", "6", "peer0.hospital-b"] in rows
    assert not status.healthy


def test_json_is_plain_and_complete() -> None:
    document = to_json(NetworkStatus("dev", (node("peer0.hospital-a", regional_care=7),)))
    assert document["healthy"] is True
    assert document["nodes"] == [
        {
            "node": "peer0.hospital-a",
            "role": "peer",
            "organization": "hospital-a",
            "pid": 4194304,
            "port": 65535,
            "health": "ok",
            "heights": {"regional-care": 7},
            "certificate_expires": "2027-11-23T12:00:00+00:00",
            "environment": None,
        }
    ]


def test_network_that_was_never_started_is_down(tmp_path: Path) -> None:
    topology = dev_topology()
    status = network_status(topology, Layout(tmp_path, "dev"))
    assert [one.node for one in status.nodes] == [one.name for one in topology.nodes()]
    assert {(one.health, one.pid, one.certificate_expires) for one in status.nodes} == {("down", None, None)}
    assert not status.healthy
