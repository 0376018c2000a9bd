"""On what was measured, in a line."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.chaincode.programs import GO, HERE
from tests.npm import NODE

GO_SHIM = "github.com/hyperledger/fabric-chaincode-go/v2"
NODE_SHIM = "fabric-shim"


def machine() -> str:
    """Cores, memory, kernel, and the versions of what the contracts run on."""
    node = subprocess.run([str(NODE), "--version"], capture_output=True, text=True, check=True)
    memory = psutil.virtual_memory().total / 2**30
    node_shim = locked_version(HERE / "node" / "package-lock.json", NODE_SHIM)
    go_shim = required_version(GO / "go.mod", GO_SHIM)
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {sys.version.split()[0]} (grpcio {version('grpcio')}, protobuf {version('protobuf')}), "
        f"Node {node.stdout.strip()} ({NODE_SHIM} {node_shim}), Go (fabric-chaincode-go {go_shim})"
    )


def locked_version(lock: Path, package: str) -> str:
    """The version of a package in npm's ``package-lock.json``. Raises `KeyError` if it is not there."""
    return str(json.loads(lock.read_text())["packages"][f"node_modules/{package}"]["version"])


def required_version(module_file: Path, module: str) -> str:
    """The version of a module in a ``go.mod``. Raises `KeyError` if it is not there."""
    found = re.search(rf"^(?:require)?\s+{re.escape(module)} v(\S+)", module_file.read_text(), re.MULTILINE)
    if found is None:
        raise KeyError(module)
    return found[1]
