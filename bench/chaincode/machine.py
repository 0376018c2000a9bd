"""On what was measured, in a line."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version

import psutil

from bench.chaincode.programs import NODE


def machine() -> str:
    """Cores, memory, kernel, and the versions of what the contracts run on."""
    node = subprocess.run([str(NODE), "--version"], capture_output=True, text=True, check=True)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {sys.version.split()[0]} (grpcio {version('grpcio')}, protobuf {version('protobuf')}), "
        f"Node {node.stdout.strip()} (fabric-shim 2.5.8), Go (fabric-chaincode-go 2.3.0)"
    )
