"""Packages of npm come into the cache once, and a failure leaves nothing there."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests import npm
from tests.cache import digest, kept


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CARECHANNEL_CACHE", str(folder))
    return folder


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for npm's own: the wheel's Node runs it in the folder that npm would run in."""
    file = tmp_path / "npm-cli.js"
    monkeypatch.setattr(npm, "NPM", file)
    return file


def test_node_and_npm_are_those_of_the_wheel() -> None:
    done = subprocess.run(
        [npm.NODE, npm.NPM, "--version"], capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    assert int(done.stdout.partition(".")[0]) >= 9


def test_a_package_is_unpacked_once(cache: Path, script: Path, tmp_path: Path) -> None:
    archive = tmp_path / "made.tgz"
    with tarfile.open(archive, "w:gz") as made:
        member = tarfile.TarInfo("package/data.json")
        member.size = 2
        made.addfile(member, io.BytesIO(b"{}"))
    script.write_text(
        f"require('fs').copyFileSync({json.dumps(str(archive))}, 'p.tgz');"
        "if (process.argv.at(-1) !== 'shim@1.2.3') process.exit(1);"
        "console.log('p.tgz')"
    )
    assert npm.unpacked("shim", "1.2.3") == cache / "shim-1.2.3"
    script.write_text("process.exit(1)")
    assert (npm.unpacked("shim", "1.2.3") / "data.json").read_bytes() == b"{}"
    assert [one.name for one in cache.iterdir()] == ["shim-1.2.3"]


def test_packages_are_installed_beside_the_files_that_name_them(
    cache: Path, script: Path, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("package.json", "package-lock.json", "index.js")]
    for file in files:
        file.write_text("{}")
    script.write_text("if (process.argv[2] === 'ci') require('fs').mkdirSync('node_modules')")
    said: list[str] = []
    first = npm.installed(files, said.append)
    assert first.parent == cache
    assert sorted(one.name for one in first.iterdir()) == sorted(
        [*(one.name for one in files), "node_modules"]
    )
    assert npm.installed(files, said.append) == first
    assert len(said) == 1
    files[2].write_text("{ }")
    assert npm.installed(files, said.append) != first
    assert len(said) == 2


def test_a_failure_is_a_sentence_with_what_npm_says(cache: Path, script: Path) -> None:
    script.write_text("console.error('E404 no such package'); process.exit(1)")
    with pytest.raises(npm.NpmError, match=r"npm pack --silent shim@9\.9\.9 failed: E404 no such package"):
        npm.unpacked("shim", "9.9.9")
    assert list(cache.iterdir()) == []


def test_the_quicker_of_two_runs_counts(cache: Path) -> None:
    def make(folder: Path) -> Path:
        (cache / "it").mkdir()
        (cache / "it" / "first").touch()
        (folder / "second").touch()
        return folder

    assert [one.name for one in kept("it", make).iterdir()] == ["first"]


def test_a_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("x")
    other.write_text("x")
    assert digest([one]) != digest([other])
    assert digest([one, other]) == digest([other, one])
    before = digest([one])
    one.write_text("y")
    assert digest([one]) != before
