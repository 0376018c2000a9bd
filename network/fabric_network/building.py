"""One build of pinned Go programs: beside its destination, under a lock, then moved there at once."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fabric_network.errors import BinariesError
from fabric_network.toolchain import c_compiler, go

LOG_TAIL_LINES = 15
REPORT_EVERY_S = 1.0


@dataclass(frozen=True)
class Recipe:
    """What to build: `packages` of the module in `module_dir`; `version` is the linker's `variable=value`."""

    name: str
    module_dir: Path
    packages: tuple[str, ...]
    version: str
    cgo: bool

    @property
    def programs(self) -> tuple[str, ...]:
        return tuple(package.rpartition("/")[2] for package in self.packages)


def build(recipe: Recipe, into: Path, progress: Callable[[str], None]) -> None:
    """Make the folder `into` with the recipe's programs.

    If another process builds the same, this one waits and takes what was made. Raises `BinariesError`.
    """
    if not (recipe.module_dir / "go.mod").is_file():
        raise BinariesError(
            f"{recipe.name} was not found and cannot be built: {recipe.module_dir} holds no go.mod. Work "
            "from a checkout of the repository, or name a folder with the programs (FABRIC_BIN)."
        )
    into.parent.mkdir(parents=True, exist_ok=True)
    with _lock(into.with_name(f"{into.name}.lock"), recipe.name, progress):
        if all((into / program).is_file() for program in recipe.programs):
            return
        with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent) as scratch:
            made = Path(scratch) / "bin"
            made.mkdir()
            _go_build(recipe, made, into.with_name(f"{into.name}.log"), progress)
            shutil.rmtree(into, ignore_errors=True)
            made.rename(into)


@contextmanager
def _lock(file: Path, name: str, progress: Callable[[str], None]) -> Iterator[None]:
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"{name}: another process is building it; waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _go_build(recipe: Recipe, made: Path, log: Path, progress: Callable[[str], None]) -> None:
    started = time.monotonic()
    toolchains = log.parent / "toolchains"
    program = go(recipe.module_dir, toolchains, progress)
    environment = {**os.environ, "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
    environment["CGO_ENABLED"] = str(int(recipe.cgo))
    if recipe.cgo:
        environment["CC"] = c_compiler(toolchains, progress)
        # SQLite is one huge C file: at Go's default (-g -O2) it alone takes 50 s of one core, so it takes 18.
        environment.setdefault("CGO_CFLAGS", "-O1")
    flags = ["-v", "-trimpath", "-ldflags", f"-s -w -X {recipe.version}", "-o", f"{made}/"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [program, "build", *flags, *recipe.packages],
            cwd=recipe.module_dir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            while _is_running(process):
                progress(f"{recipe.name}: {time.monotonic() - started:.0f} s, {_stage(recipe, made, log)}")
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        raise BinariesError(
            f"{recipe.name} could not be built (exit {process.returncode}). The end of {log}:\n"
            f"{tail}\nMend what it names (mostly: no way to the Go module proxy), or name a folder with the "
            "programs (FABRIC_BIN)."
        )
    progress(f"{recipe.name}: built in {time.monotonic() - started:.0f} s")


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=REPORT_EVERY_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _stage(recipe: Recipe, made: Path, log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    done = sum((made / program).exists() for program in recipe.programs)
    current = lines[-1].removeprefix("go: ")[:50] if lines else "starting"
    return f"{len(lines)} packages, {done} of {len(recipe.programs)} programs, now {current}"
