"""Commands that people are told to type: they work as printed, from where the reader stands."""

from __future__ import annotations

import os
import shlex
import shutil
import sysconfig
from pathlib import Path

MAKE = "CARECHANNEL_MAKE"
"""Set by the Makefile, to the variables that choose the network there (`NAME=second`); may be empty."""


def program(name: str) -> str:
    """A program of this Python environment, as it has to be typed."""
    path = Path(sysconfig.get_path("scripts")) / name
    # `uv run` puts the environment first on the PATH; the reader's own shell has the rest only.
    own = os.environ.get("PATH", "").split(os.pathsep)["UV_RUN_RECURSION_DEPTH" in os.environ :]
    if shutil.which(name, path=os.pathsep.join(own)) == str(path):
        return name
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def operate(verb: str, network: Path) -> str:
    """An operator's command on a generated network: a `make` target if make runs this program."""
    if (variables := os.environ.get(MAKE)) is not None:
        return f"make {verb} {variables}".rstrip()
    where = shlex.join(["--name", network.name, "--build-dir", str(network.parent)])
    return f"{program('carechannel-network')} {verb} {where}"
