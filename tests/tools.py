"""Programs that only the tests need: looked for, and installed where that can be done without asking.

``python -m tests.tools`` is what ``make test`` begins with. PostgreSQL holds checkpoints and submissions,
SoftHSM2 is the hardware module of the PKCS#11 signers, OpenSC's tool makes keys in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

POSTGRESQL = Path("/usr/lib/postgresql")
SOFTHSM_MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)


def softhsm_module() -> Path | None:
    """SoftHSM2's PKCS#11 module, if there is one."""
    return next((module for module in SOFTHSM_MODULES if module.is_file()), None)


def postgresql_programs() -> Path | None:
    """The folder with the newest `postgres` and `initdb`, if there is one."""
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    versions = sorted(POSTGRESQL.glob("*/bin/initdb"), key=lambda program: float(program.parts[-3]))
    return versions[-1].parent if versions else None


def needed(found: Path | None, name: str) -> Path:
    """`found`. Raises `RuntimeError` with the way out where the tests were started without ``make``."""
    if found is None:
        raise RuntimeError(f"{name} is not installed, and tests need it; run: python -m tests.tools")
    return found


def missing() -> list[str]:
    """Debian's names of what is not here."""
    lacks = []
    if softhsm_module() is None or shutil.which("softhsm2-util") is None:
        lacks.append("softhsm2")
    if shutil.which("pkcs11-tool") is None:
        lacks.append("opensc")
    if postgresql_programs() is None:
        lacks.append("postgresql")
    return lacks


def main() -> int:
    """Exit code 0: all is here now; 1: something is not, and standard error says what to install."""
    lacks = missing()
    if lacks and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"  installing {' and '.join(lacks)}, which the tests need", file=sys.stderr, flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *lacks]
        for command in (["apt-get", "update", "--quiet"], install):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        lacks = missing()
    if lacks:
        print(
            f"Error: The tests need {' and '.join(lacks)}. On Debian: sudo apt-get install {' '.join(lacks)}",
            file=sys.stderr,
        )
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main())
