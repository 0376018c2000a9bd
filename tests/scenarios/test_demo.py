"""`carechannel demo`: the story as a person sees it, with the built-in record and with their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import examples_dir
from tests.scenarios.conftest import Network

STORY = (
    *("enrols", "publishes", "without consent", "permits", "asks again"),
    *("clinic", "revokes", "once more", "auditor"),
)


def demo(network: Network, *options: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("carechannel"))
    where = ("--build-dir", str(network.build_dir), "--name", network.name)
    return subprocess.run(
        [program, "demo", *where, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_the_story_is_told_in_order_and_fits_eighty_columns(network: Network) -> None:
    told = demo(network)
    assert told.returncode == 0, told.stderr
    places = [told.stdout.index(step) for step in STORY]
    assert places == sorted(places)
    assert told.stdout.count("not available") == 3
    story, _, hints = told.stdout.partition("Look around")
    assert max(map(len, story.splitlines())) <= 80
    assert "audit disclosures" in hints


@pytest.mark.parametrize("example", ["Patient-example.json", "Bundle-xds.json"])
def test_a_file_of_ones_own(network: Network, example: str) -> None:
    file = examples_dir() / example
    assert file.is_file()
    told = demo(network, "--json", "--file", str(file))
    assert told.returncode == 0, told.stderr
    story = json.loads(told.stdout)
    assert len(story["steps"]) == len(STORY)
    assert all(entry["verified"] for entry in story["audit"])


def test_a_file_that_is_no_record_ends_it_with_a_sentence(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text("<Patient/>")
    told = demo(network, "--file", str(file))
    assert told.returncode == 1
    assert "not-json" in told.stderr
    assert "Traceback" not in told.stderr
