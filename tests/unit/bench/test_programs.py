"""Programs of the bench are built with the network's own toolchain, once, into the cache."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from fabric_network import building

from bench.chaincode.programs import stream_peer


def test_the_scripted_peer_is_built_into_the_cache_without_a_go_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, Path]] = []
    compiler = tmp_path / "go-of-the-toolchain"
    # Stands in for `go build … -o folder/ stream_peer`: writes a program of that name into that folder.
    compiler.write_text(
        '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n'
        'printf "#!/bin/sh\\necho built" > "$2$3"; chmod +x "$2$3"\n'
    )
    compiler.chmod(0o755)

    def go(module_dir: Path, toolchains: Path, _progress: object) -> str:
        asked.append((module_dir, toolchains))
        return str(compiler)

    monkeypatch.setenv("CARECHANNEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(building, "go", go)
    said: list[str] = []
    peer = stream_peer(said.append)
    assert peer.is_relative_to(tmp_path / "cache")
    assert subprocess.run([peer], capture_output=True, text=True, check=True).stdout == "built\n"
    assert [one.name for one, _ in asked] == ["stream_peer"]
    assert asked[0][1] == tmp_path / "cache" / "toolchains"
    assert stream_peer(said.append) == peer
    assert len(asked) == 1
