"""What an operator does: up again, a second network, kill and resume, down, clean, wrong input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.scenarios.conftest import Network, free_port_base, start
from tests.scenarios.processes import kill_all, processes_of

TOPOLOGY = Path(__file__).parents[2] / "network" / "topologies" / "dev.yaml"


def pids(network: Network) -> dict[str, int]:
    return {node["node"]: node["pid"] for node in network.status()["nodes"]}


@pytest.fixture(scope="module")
def second(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A network of its own beside the first, free to be killed."""
    running = start("second", tmp_path_factory.mktemp("second"))
    yield running
    running.command("clean", "--force")
    shutil.rmtree(running.build_dir, ignore_errors=True)


def test_every_node_is_healthy_and_its_certificate_valid(network: Network) -> None:
    status = network.status()
    assert status["healthy"] is True
    nodes = {node["node"]: node for node in status["nodes"]}
    assert {node["role"] for node in nodes.values()} == {"ca", "orderer", "peer", "chaincode", "agent"}
    for node in nodes.values():
        assert node["health"] == "ok", node
        assert datetime.fromisoformat(node["certificate_expires"]) > datetime.now(UTC) + timedelta(days=30)
    assert set(nodes["peer0.hospital-a"]["heights"]) == {"regional-care", "cancer-registry"}
    assert set(nodes["peer0.hospital-b"]["heights"]) == {"regional-care"}


def test_status_fits_eighty_columns(network: Network) -> None:
    printed = network.must("status")
    assert "peer0.hospital-a" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_second_up_changes_nothing(network: Network) -> None:
    before = pids(network)
    assert "nothing had to be done" in network.must("up")
    assert pids(network) == before


def test_peer_is_fabric_3_1_1(network: Network) -> None:
    version = subprocess.run(
        [network.root / "bin" / "peer", "version"], capture_output=True, text=True, check=True
    )
    assert "3.1.1" in version.stdout


def test_profiles_are_common_connection_profiles(network: Network) -> None:
    for organization, msp_id in (("hospital-a", "HospitalAMSP"), ("clinic", "ClinicMSP")):
        profile = json.loads(network.profile(organization).read_bytes())
        assert profile["organizations"][organization]["mspid"] == msp_id
        for peer in profile["peers"].values():
            assert peer["url"].startswith("grpcs://")
            assert "BEGIN CERTIFICATE" in peer["tlsCACerts"]["pem"]
    assert not json.loads(network.profile("clinic").read_bytes())["organizations"]["clinic"].get("peers")


def test_logs_of_a_node_and_of_an_unknown_one(network: Network) -> None:
    assert network.must("logs", "peer0.hospital-b").strip()
    refused = network.command("logs", "peer7.hospital-z")
    assert refused.returncode == 1
    assert "peer7.hospital-z" in refused.stderr + refused.stdout
    assert "Traceback" not in refused.stderr


def test_a_busy_port_is_named_before_anything_starts(network: Network, tmp_path: Path) -> None:
    third = Network("third", tmp_path, free_port_base())
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", third.port_base + 1))
        holder.listen()
        refused = third.command("up")
    assert refused.returncode == 1
    assert str(third.port_base + 1) in refused.stderr + refused.stdout
    assert not processes_of(third)


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        ("partner: hospital-a", "partner: hospital-x", "hospital-x"),
        ("ordering:", "orderring:", "orderring"),
        ("members: [hospital-a, regulator]", "members: [hospital-a, nobody]", "nobody"),
        (
            "\"AND('HospitalAMSP.peer', 'RegulatorMSP.peer')\"",
            "\"AND('HospitalBMSP.peer')\"",
            "cancer-registry",
        ),
    ],
)
def test_a_wrong_topology_is_one_sentence(
    network: Network, tmp_path: Path, wrong: str, right: str, named: str
) -> None:
    text = TOPOLOGY.read_text()
    assert wrong in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(wrong, right))
    refused = network.command("up", "--topology", str(broken))
    assert refused.returncode == 1
    said = refused.stderr + refused.stdout
    assert "broken.yaml" in said.replace("\n", "")
    assert named in said
    assert "Traceback" not in said


def test_all_killed_resumes_with_all_data(second: Network) -> None:
    before = {node["node"]: node["heights"] for node in second.status()["nodes"]}
    kill_all(second)
    assert second.status()["healthy"] is False
    second.must("up")
    status = second.status()
    assert status["healthy"] is True
    for node in status["nodes"]:
        for channel, height in before[node["node"]].items():
            assert node["heights"][channel] >= height


def test_one_killed_node_is_started_again_and_no_other(second: Network) -> None:
    before = pids(second)
    psutil.Process(before["peer0.hospital-b"]).kill()
    second.must("up")
    after = pids(second)
    assert {name for name in after if after[name] != before[name]} == {"peer0.hospital-b"}


def test_down_stops_its_own_and_keeps_the_data(network: Network, second: Network) -> None:
    others = pids(network)
    heights = {node["node"]: node["heights"] for node in second.status()["nodes"]}
    second.must("down")
    assert not processes_of(second)
    assert pids(network) == others
    second.must("up")
    for node in second.status()["nodes"]:
        for channel, height in heights[node["node"]].items():
            assert node["heights"][channel] >= height


@pytest.mark.parametrize("moment", [0.7, 3.0, 6.0])
def test_interrupting_up_leaves_no_orphan(network: Network, tmp_path: Path, moment: float) -> None:
    third = Network("third", tmp_path, free_port_base())
    starting = subprocess.Popen(
        third.argv("up"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    time.sleep(moment)
    os.killpg(starting.pid, signal.SIGINT)
    assert starting.wait(timeout=60) != 0
    assert not processes_of(third)


def test_clean_asks_and_force_removes(second: Network) -> None:
    refused = subprocess.run(second.argv("clean"), input="n\n", capture_output=True, text=True, check=False)
    assert refused.returncode == 0
    assert "Nothing was removed" in refused.stdout
    assert second.root.is_dir()
    second.must("clean", "--force")
    assert not second.root.exists()
    assert not processes_of(second)
