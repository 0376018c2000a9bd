"""Where the Python interpreters are that the packages are to be installed for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHOICE = "CARECHANNEL_TEST_PYTHONS"
"""Versions such as "3.11 3.12 3.13"; the running one unless set."""


def chosen() -> list[str]:
    """The versions to test with. Each has to be found: none is passed over."""
    return os.environ.get(CHOICE, "").split() or [running()]


def running() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    assert found, "the suite runs under uv (make test)"
    return found


def interpreter(version: str) -> Path:
    """A Python of that version: the running one, on PATH, of pyenv, or one that uv has or fetches."""
    if version == running():
        return Path(sys.base_prefix, "bin", f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *pyenv.glob(f"{version}.*/bin")]
    for folder in folders:
        # Looked at by starting it: pyenv's shims are there for versions that are not.
        if (found := folder / f"python{version}").is_file() and _version(found) == version:
            return found
    fetched = subprocess.run(
        [uv(), "python", "install", version], capture_output=True, text=True, check=False
    )
    told = subprocess.run(
        [uv(), "python", "find", "--managed-python", version], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, (
        f"Python {version} is neither on PATH nor among pyenv's versions in {pyenv}, and uv cannot fetch it: "
        f"{fetched.stderr}"
    )
    return Path(told.stdout.strip())


def _version(python: Path) -> str:
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    told = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=False)
    return told.stdout.strip()
