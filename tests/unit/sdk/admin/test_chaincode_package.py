"""Packages: equal content gives equal bytes, the ID is the one that Fabric computes, junk is refused."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from carechannel.sdk.admin import PackageError, package, package_id, read_package
from carechannel.sdk.admin import chaincode_package as module
from hypothesis import given
from hypothesis import strategies as st

FILES = {"connection.json": b'{"address":"127.0.0.1:9999"}', "META-INF/x.json": b"{}"}


def test_equal_content_gives_equal_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = package("care_1.0", "ccaas", FILES)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert package("care_1.0", "ccaas", dict(reversed(FILES.items()))) == made
    assert package("care_1.1", "ccaas", FILES) != made


def test_the_id_is_what_peer_lifecycle_calculates(programs: Path, tmp_path: Path) -> None:
    file = tmp_path / "care.tar.gz"
    file.write_bytes(package("care_1.0", "ccaas", FILES))
    calculated = subprocess.run(
        [programs / "peer", "lifecycle", "chaincode", "calculatepackageid", file],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FABRIC_CFG_PATH": str(_configuration(tmp_path))},
    )
    assert calculated.stdout.strip() == package_id(file.read_bytes())


def _configuration(folder: Path) -> Path:
    (folder / "core.yaml").write_text("peer:\n  BCCSP:\n    Default: SW\n")
    return folder


def test_what_is_in_a_package_can_be_read() -> None:
    found = read_package(package("care_1.0", "ccaas", FILES))
    assert (found.label, found.kind) == ("care_1.0", "ccaas")
    with tarfile.open(fileobj=io.BytesIO(found.code), mode="r:gz") as code:
        assert sorted(code.getnames()) == sorted(FILES)


@pytest.mark.parametrize("label", ["", "-care", "care 1", "care:1", "../care", "cäre"])
def test_a_label_that_fabric_does_not_take_is_refused(label: str) -> None:
    with pytest.raises(PackageError, match="no label"):
        package(label, "ccaas", FILES)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a//x", "./x", "a\0b", "x" * 300])
def test_a_file_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(PackageError):
        package("care", "ccaas", {name: b""})


@given(st.binary(max_size=200))
def test_junk_is_no_package(content: bytes) -> None:
    for junk in (content, gzip.compress(content)):
        with pytest.raises(PackageError):
            read_package(junk)


def test_a_damaged_package_is_refused_or_another() -> None:
    whole = package("care_1.0", "ccaas", FILES)
    for index in range(0, len(whole), 7):
        damaged = bytes([*whole[:index], whole[index] ^ 0x55, *whole[index + 1 :]])
        try:
            assert package_id(damaged) != package_id(whole)
        except PackageError:
            continue


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 1024)
    with pytest.raises(PackageError, match="unpacks to more"):
        read_package(gzip.compress(bytes(100_000)))
