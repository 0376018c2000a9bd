"""Commands that people are told to type: they work as printed, from where the reader stands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sysconfig
from contextvars import ContextVar
from pathlib import Path

from fabric_network.cli.options import DEFAULT_BUILD_DIR, DEFAULT_TOPOLOGY

MAKE = "CARECHANNEL_MAKE"
"""Set by the Makefile, to the variables that choose the network there (`NAME=second`); may be empty."""

NAMED = re.compile(r"\bcarechannel-network ([a-z]+)(?: ([a-z][\w-]*\.\w[\w-]*))?")
"""How messages name a command of this program."""

_choice: ContextVar[tuple[str, ...]] = ContextVar("choice", default=())


def remember(file: Path, name: str | None, build_dir: Path) -> None:
    """Keep in mind how the running command was told which network to work on."""
    options = {
        "--topology": file if file != DEFAULT_TOPOLOGY else None,
        "--name": name,
        "--build-dir": build_dir if build_dir != DEFAULT_BUILD_DIR else None,
    }
    given = ((option, str(value)) for option, value in options.items() if value is not None)
    _choice.set(tuple(part for pair in given for part in pair))


def program(name: str) -> str:
    """A program of this Python environment, as it has to be typed."""
    path = Path(sysconfig.get_path("scripts")) / name
    # `uv run` puts the environment first on the PATH; the reader's own shell has the rest only.
    own = os.environ.get("PATH", "").split(os.pathsep)["UV_RUN_RECURSION_DEPTH" in os.environ :]
    if shutil.which(name, path=os.pathsep.join(own)) == str(path):
        return name
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def command(verb: str, node: str = "") -> str:
    """A command on the network that the running command works on: a `make` target if make runs it."""
    if (variables := os.environ.get(MAKE)) is not None:
        return " ".join(word for word in ("make", verb, node and f"NODE={node}", variables) if word)
    words = (program("carechannel-network"), verb, node, shlex.join(_choice.get()))
    return " ".join(word for word in words if word)


def mend(message: str) -> str:
    """A message whose commands work as printed."""
    return NAMED.sub(lambda found: command(found[1], found[2] or ""), message)
