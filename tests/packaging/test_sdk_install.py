"""The commands of docs/sdk/install.md make environments in which hfc works against a real Fabric CA.

With the running Python, or with all of those that CARECHANNEL_TEST_PYTHONS names (make test-pythons).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import commands, snippets
from tests.packaging.pythons import chosen, interpreter, running, uv
from tests.unit.sdk.real_ca import SECRET, RunningCa, started

ROOT = Path(__file__).parents[2]
PAGE = "../sdk/install.md"
ROUND_TRIP = Path(__file__).parent / "round_trip.py"


@pytest.fixture(scope="module")
def running_ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCa]:
    with started(tmp_path_factory.mktemp("ca")) as made:
        yield made


def shell(line: str, folder: Path, *first_on_path: Path) -> str:
    """Type a command as somebody would who has no environment active and no settings of uv or pip."""
    path = os.pathsep.join([*map(str, first_on_path), str(Path(uv()).parent), os.environ["PATH"]])
    kept = (
        "HOME",
        "LANG",
        "XDG_CACHE_HOME",
        "UV_CACHE_DIR",
        "SSL_CERT_FILE",
        "UV_INDEX_URL",
        "PIP_INDEX_URL",
    )
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"PATH": path}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for typed in page_commands("Install"):
        shell(typed.replace("--out-dir dist", f"--out-dir '{folder}'"), ROOT)
    assert len(list(folder.glob("*.whl"))) == 2
    return folder


def page_commands(section: str) -> list[str]:
    found = [
        typed.command
        for each in snippets(PAGE)
        if each.section == section and each.language == "console"
        for typed in commands(each.text)
    ]
    assert found
    return found


@pytest.fixture
def folder(tmp_path: Path, wheels: Path) -> Path:
    """A reader's folder, with the wheels in it."""
    (tmp_path / "dist").symlink_to(wheels)
    return tmp_path


def write_page_file(title: str, folder: Path) -> None:
    (text,) = [each.text for each in snippets(PAGE) if each.title == title]
    (folder / title).write_text(text)


def round_trip(python: Path, ca: RunningCa) -> None:
    done = subprocess.run(
        [python, "-I", ROUND_TRIP, ca.url, ca.root, ca.name],
        input=SECRET, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True True", done.stdout


@pytest.mark.parametrize(("section", "file"), [("With uv", "overrides.txt"), ("With pip", "hfc.txt")])
@pytest.mark.parametrize("version", chosen())
def test_the_commands_of_the_page(
    version: str, section: str, file: str, folder: Path, running_ca: RunningCa
) -> None:
    python = interpreter(version)
    # Only this one: uv would take overrides from a pyproject.toml beside it.
    write_page_file(file, folder)
    for line in page_commands(section):
        printed = shell(line.replace("3.12", version), folder, python.parent)
    assert "enroll" in printed
    made = folder / "environment" / "bin" / "python"
    told = subprocess.run([made, "-V"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(f"Python {version}.")
    round_trip(made, running_ca)


def test_a_project_of_uv(folder: Path, running_ca: RunningCa) -> None:
    python = interpreter(running())
    write_page_file("pyproject.toml", folder)
    shell(f"uv sync --quiet --python '{python}'", folder)
    round_trip(folder / ".venv" / "bin" / "python", running_ca)


def test_without_the_recipe_it_fails_in_the_open(folder: Path) -> None:
    """If this fails, the extra installs by itself: the page can be shortened."""
    shell(f"uv venv --quiet --python '{interpreter(running())}' environment", folder)
    with pytest.raises(AssertionError, match=r"pysha3|requests"):
        shell("uv pip install --python environment --find-links dist 'carechannel[sdk]'", folder)
