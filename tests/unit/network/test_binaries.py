"""Fabric's programs are taken where they fit, passed over with a word where not, and else built."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest
from fabric_network.binaries import (
    FABRIC,
    FABRIC_CA,
    Found,
    Product,
    cached_name,
    default_cache,
    ensure,
    find,
    link,
)
from fabric_network.errors import BinariesError

TOOLS = Path(__file__).parents[3] / "network" / "tools"


def script(file: Path, body: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def programs(folder: Path, product: Product, version: str) -> Path:
    """Stand-ins that print a version as the real ones do."""
    for program in product.required:
        script(folder / program, f"printf '{program}:\\n Version: {version}\\n Go version: go1.26.8\\n'")
    return folder


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing of Fabric on PATH, and a cache of its own."""
    monkeypatch.delenv("FABRIC_BIN", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("CARECHANNEL_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize("version", ["v3.1.1", "3.1.1", "v3.1.4"])
def test_a_named_folder_that_fits_goes_first(tmp_path: Path, version: str) -> None:
    named = programs(tmp_path / "mine", FABRIC, version)
    programs(tmp_path / "path", FABRIC, "v3.1.1")
    assert find(FABRIC, named=named, cache=tmp_path / "cache") == Found(FABRIC, named, ())


@pytest.mark.parametrize("version", ["v3.1.0", "v2.5.9", "v3.2.0", "v4.0.0"])
def test_a_named_folder_of_another_version_is_passed_over_and_said(tmp_path: Path, version: str) -> None:
    named = programs(tmp_path / "mine", FABRIC, version)
    assert find(FABRIC, named=named, cache=tmp_path / "cache") == (
        f"{named} is passed over: peer there is {version[1:]}, needed is 3.1.1.",
    )


def test_a_named_folder_may_hold_one_product_only(tmp_path: Path) -> None:
    named = programs(tmp_path / "mine", FABRIC, "v3.1.1")
    on_path = programs(tmp_path / "path", FABRIC_CA, "v1.5.15")
    found = find(FABRIC_CA, named=named, cache=tmp_path / "cache")
    assert isinstance(found, Found)
    assert found.folder == on_path
    assert found.notes == (f"{named} is passed over: it has no program fabric-ca-server.",)


def test_a_program_on_path_of_another_version_is_passed_over_for_the_cache(tmp_path: Path) -> None:
    programs(tmp_path / "path", FABRIC, "v2.5.9")
    kept = programs(tmp_path / "cache" / cached_name(FABRIC), FABRIC, "v3.1.1")
    found = find(FABRIC, named=None, cache=tmp_path / "cache")
    assert isinstance(found, Found)
    assert found.folder == kept
    assert found.notes == (f"{tmp_path / 'path'} is passed over: peer there is 2.5.9, needed is 3.1.1.",)


def test_a_folder_that_lacks_a_program_or_tells_no_version_is_passed_over(tmp_path: Path) -> None:
    programs(tmp_path / "path", FABRIC, "v3.1.1")
    (tmp_path / "path" / "configtxgen").unlink()
    kept = programs(tmp_path / "cache" / cached_name(FABRIC), FABRIC, "latest")
    assert find(FABRIC, named=None, cache=tmp_path / "cache") == (
        f"{tmp_path / 'path'} is passed over: it has no program configtxgen.",
        f"{kept} is passed over: peer there does not tell its version.",
    )


def test_the_variable_names_the_folder_and_links_lead_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = programs(programs(tmp_path / "mine", FABRIC, "v3.1.1"), FABRIC_CA, "v1.5.15")
    monkeypatch.setenv("FABRIC_BIN", str(mine))
    found = ensure()
    assert [one.folder for one in found] == [mine, mine]
    into = tmp_path / "bin"
    link(found, into)
    link(found, into)
    assert {place.name: place.readlink() for place in into.iterdir()} == {
        name: mine / name for name in ("peer", "orderer", "configtxgen", "fabric-ca-server")
    }


def test_the_cache_lies_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_cache() == tmp_path / "cache"
    monkeypatch.delenv("CARECHANNEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "carechannel"


# A stand-in for `go build`: writes the program of every package named after `-o FOLDER`.
BUILDS = """
[ "$1" = version ] && echo "go version go1.26.8 linux/amd64" && exit 0
echo "go: downloading a module" >&2
while [ "$1" != -o ]; do shift; done
folder=$2; shift 2
for package; do
    case $package in
        */fabric-ca/*) version=v1.5.15 ;;
        *) version=v3.1.1 ;;
    esac
    printf '#!/bin/sh\\necho "Version: %s"\\n' $version > "$folder/${package##*/}"
    chmod +x "$folder/${package##*/}"
done
"""


def test_what_is_nowhere_is_built_once(tmp_path: Path) -> None:
    go = script(tmp_path / "path" / "go", BUILDS)
    script(tmp_path / "path" / "cc", "exit 1")
    told: list[str] = []
    found = ensure(progress=told.append)
    assert [one.folder for one in found] == [
        tmp_path / "cache" / cached_name(product) for product in (FABRIC, FABRIC_CA)
    ]
    assert (found[0].folder / "configtxgen").exists()
    assert any(line.startswith("Fabric 3.1.1: built in ") for line in told)
    assert not list((tmp_path / "cache").glob(".*")), "nothing half-made stays"
    go.unlink()
    assert [one.folder for one in ensure()] == [one.folder for one in found]


def test_a_failed_build_leaves_nothing_but_its_log(tmp_path: Path) -> None:
    script(
        tmp_path / "path" / "go",
        '[ "$1" = version ] && echo "go version go1.26.8 linux/amd64" && exit 0\n'
        "echo 'dial tcp: lookup proxy.golang.org: no such host' >&2; exit 1",
    )
    with pytest.raises(BinariesError) as caught:
        ensure()
    log = tmp_path / "cache" / f"{cached_name(FABRIC)}.log"
    message = str(caught.value)
    assert message.startswith(f"Fabric 3.1.1 could not be built (exit 1). The end of {log}:\n")
    assert "no such host" in message
    assert "no such host" in log.read_text()
    assert not (tmp_path / "cache" / cached_name(FABRIC)).exists()


def test_without_the_modules_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(BinariesError, match=r"nowhere/fabric holds no go\.mod\. Work from a checkout"):
        ensure(tools=tmp_path / "nowhere")


def test_two_builders_do_not_meet(tmp_path: Path) -> None:
    script(tmp_path / "path" / "go", BUILDS)
    cache = tmp_path / "cache"
    cache.mkdir()
    told: list[str] = []
    with (cache / f"{cached_name(FABRIC)}.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waits = threading.Event()

        def progress(line: str) -> None:
            told.append(line)
            waits.set()

        second = threading.Thread(target=ensure, kwargs={"progress": progress})
        second.start()
        assert waits.wait(10)
        assert told == ["Fabric 3.1.1: another process is building it; waiting"]
        programs(cache / cached_name(FABRIC), FABRIC, "v3.1.1")
        for program in FABRIC.packages:
            script(cache / cached_name(FABRIC) / program, "echo 'Version: v3.1.1'")
    second.join(20)
    assert not second.is_alive()
    assert not any(line.startswith("Fabric 3.1.1: built") for line in told), (
        "it takes what the first one made"
    )


def test_the_modules_are_pinned_by_hash() -> None:
    for product in (FABRIC, FABRIC_CA):
        folder = TOOLS / product.folder
        pinned = (folder / "go.mod").read_text()
        for program in product.packages:
            assert f"\t{product.module}/cmd/{program}\n" in pinned
        assert f"{product.module} " in (folder / "go.sum").read_text()
