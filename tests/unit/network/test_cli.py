"""The command line where no network runs: exit codes and plain sentences."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from fabric_network import allotment
from fabric_network.cli.commands import app
from fabric_network.errors import NetworkError
from fabric_network.paths import Layout
from typer.testing import CliRunner

from tests.unit.network.builders import DEV, dev_topology


def run(*arguments: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(
        app, [str(argument) for argument in arguments], input=stdin, env={"COLUMNS": "80"}
    )


def test_help_names_every_command() -> None:
    shown = run("--help").stdout
    assert all(word in shown for word in ("install", "validate", "up", "down", "clean", "status", "logs"))


def test_valid_topology() -> None:
    done = run("validate", "--topology", DEV)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "is valid: dev, 15 nodes, 2 channels" in done.stdout


def test_invalid_topology_is_told_in_sentences_and_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(DEV.read_text().replace("peers: 1", "peerz: 1", 1))
    done = run("up", "--topology", file, "--build-dir", tmp_path / "build")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {file}: organizations.hospital-a.peerz: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("arguments", [["up", "--ports", "3"], ["up", "--unknown"], ["nothing"], ["logs"]])
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_busy_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run("up", "--topology", DEV, "--ports", str(port), "--build-dir", tmp_path)
        assert done.exit_code == 1
        assert f"port {port} (ca.hospital-a listen) is held by process {os.getpid()}" in done.stderr
    assert not (tmp_path / "dev" / "logs").exists()
    assert allotment.known_base(Layout(tmp_path, "dev")) is None, "the next try may take other ports"


def test_status_of_nothing_is_1_and_json_is_json(tmp_path: Path) -> None:
    done = run("status", "--topology", DEV, "--build-dir", tmp_path, "--json")
    assert done.exit_code == 1
    assert '"healthy": false' in done.stdout


def test_down_without_a_network_is_fine(tmp_path: Path) -> None:
    done = run("down", "--topology", DEV, "--build-dir", tmp_path)
    assert (done.exit_code, done.stdout) == (0, "Nothing was running.\n")
    assert list(tmp_path.iterdir()) == []


def test_clean_asks_and_removes_only_its_own_folder(tmp_path: Path) -> None:
    for name in ("dev", "other"):
        (tmp_path / name / "run").mkdir(parents=True)
    arguments = ("clean", "--topology", DEV, "--build-dir", tmp_path)
    refused = run(*arguments, stdin="n\n")
    assert (refused.exit_code, "Nothing was removed" in refused.stdout) == (0, True)
    assert (tmp_path / "dev").exists()
    assert run(*arguments, "--force").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
    assert run(*arguments, "--force").stdout.startswith("There is nothing at")


def test_clean_refuses_a_folder_that_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "dev" / "precious").mkdir(parents=True)
    done = run("clean", "--topology", DEV, "--build-dir", tmp_path, "--force")
    assert done.exit_code == 1
    assert (tmp_path / "dev" / "precious").exists()


def test_logs_of_an_unknown_and_of_an_unstarted_node(tmp_path: Path) -> None:
    unknown = run("logs", "peer9.nowhere", "--topology", DEV, "--build-dir", tmp_path)
    assert (unknown.exit_code, "peer0.hospital-a" in unknown.stderr) == (1, True)
    unstarted = run("logs", "peer0.hospital-a", "--topology", DEV, "--build-dir", tmp_path)
    assert (unstarted.exit_code, "never been started" in unstarted.stderr) == (1, True)


def test_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("up", "--topology", DEV, "--ports", "20000", "--build-dir", tmp_path / "file")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_interrupt_ends_quietly(tmp_path: Path) -> None:
    (tmp_path / "dev" / "logs").mkdir(parents=True)
    (tmp_path / "dev" / "logs" / "peer0.hospital-a.log").write_text("hello\n")
    program = "from fabric_network.cli import main; main()"
    follower = subprocess.Popen(
        [
            *(sys.executable, "-c", program, "logs", "peer0.hospital-a", "--follow"),
            *("--topology", str(DEV), "--build-dir", str(tmp_path)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert follower.stdout is not None
    assert follower.stdout.readline() == "hello\n"
    follower.send_signal(signal.SIGINT)
    _, errors = follower.communicate(timeout=20)
    assert (follower.returncode, errors) == (130, "Interrupted.\n")


def test_ports_of_a_network_are_kept(tmp_path: Path) -> None:
    layout = Layout(tmp_path, "dev")
    assert allotment.known_base(layout) is None
    allotment.keep(dev_topology(20000), layout)
    allotment.keep(dev_topology(20000), layout)
    assert allotment.known_base(layout) == 20000
    with pytest.raises(NetworkError, match="was made with other ports"):
        allotment.keep(dev_topology(21000), layout)
