"""The line on what was measured names what is really measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench.chaincode.machine import locked_version, machine, required_version
from bench.chaincode.programs import GO, HERE

MODULE = "example.com/shim/v2"


def test_versions_are_those_that_the_contracts_are_built_with() -> None:
    declared = json.loads((HERE / "node" / "package.json").read_text())["dependencies"]["fabric-shim"]
    required = re.findall(r"fabric-chaincode-go/v2 v(\S+)", (GO / "go.mod").read_text())
    assert len(required) == 1
    assert f"(fabric-shim {declared}), Go (fabric-chaincode-go {required[0]})" in machine()


def test_a_locked_version_is_that_of_the_package_itself(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    nested = {"node_modules/other/node_modules/shim": {"version": "1.0.0"}}
    lock.write_text(json.dumps({"packages": {**nested, "node_modules/shim": {"version": "2.9.1"}}}))
    assert locked_version(lock, "shim") == "2.9.1"
    with pytest.raises(KeyError):
        locked_version(lock, "other")


@pytest.mark.parametrize(
    "text",
    [f"module m\n\nrequire (\n\t{MODULE} v2.9.1\n)\n", f"module m\n\nrequire {MODULE} v2.9.1 // indirect\n"],
)
def test_a_required_version_is_read_from_go_mod(tmp_path: Path, text: str) -> None:
    file = tmp_path / "go.mod"
    file.write_text(text)
    assert required_version(file, MODULE) == "2.9.1"
    with pytest.raises(KeyError):
        required_version(file, "example.com/shim")
