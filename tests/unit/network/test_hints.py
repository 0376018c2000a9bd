"""Commands that people are told to type work where they stand."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest
from fabric_network.cli import hints
from fabric_network.cli.commands import app
from typer.testing import CliRunner

from tests.unit.network.builders import DEV

PROGRAM = "carechannel-network"


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python environment below the working directory, that is not on the PATH."""
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    (folder / PROGRAM).touch(mode=0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(folder))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    monkeypatch.delenv(hints.MAKE, raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_program_that_is_not_on_the_path_is_named_from_here(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hints.program(PROGRAM) == f"venv/bin/{PROGRAM}"
    monkeypatch.chdir("/")
    assert hints.program(PROGRAM) in {str(scripts / PROGRAM), str((scripts / PROGRAM).relative_to("/"))}


def test_a_program_on_the_path_is_named_plainly_but_not_for_uvs_sake(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{scripts}:/nowhere")
    assert hints.program(PROGRAM) == PROGRAM
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert hints.program(PROGRAM) == f"venv/bin/{PROGRAM}"


def test_a_message_repeats_how_the_network_was_chosen(scripts: Path, tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_bytes(DEV.read_bytes())
    arguments = ["logs", "peer0.hospital-a", "--topology", str(file), "--build-dir", str(tmp_path)]
    done = CliRunner().invoke(app, [*arguments, "--name", "second"])
    assert done.exit_code == 1
    assert done.stderr.rstrip().endswith(
        f"Run: venv/bin/{PROGRAM} up --topology {file} --name second --build-dir {tmp_path}"
    )


def test_under_make_the_targets_are_named(
    scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hints.MAKE, "NAME=second")
    said = "It failed. See: carechannel-network logs peer0.hospital-a."
    assert hints.mend(said) == "It failed. See: make logs NODE=peer0.hospital-a NAME=second."
    said = "It failed. See: carechannel-network logs asset-transfer_2.org1."
    assert hints.mend(said) == "It failed. See: make logs NODE=asset-transfer_2.org1 NAME=second."
    arguments = ["status", "--topology", str(DEV), "--build-dir", str(tmp_path), "--exit-zero"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert done.stdout.endswith("Not healthy: 15 of 15 nodes. Start what is missing: make up NAME=second\n")
