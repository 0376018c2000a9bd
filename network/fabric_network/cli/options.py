"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NETWORK_FOLDER = Path(__file__).parents[2]
DEFAULT_TOPOLOGY = NETWORK_FOLDER / "topologies" / "dev.yaml"
DEFAULT_BUILD_DIR = NETWORK_FOLDER / ".build"

TopologyOption = Annotated[
    Path,
    typer.Option(
        "--topology", metavar="FILE", envvar="CARECHANNEL_TOPOLOGY", help="What the network is made of."
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", help="Another name than the file's: a second network beside the first."),
]
PortsOption = Annotated[
    int | None,
    typer.Option("--ports", metavar="BASE", min=1024, max=65535, help="Another first port than the file's."),
]
BuildDirOption = Annotated[
    Path, typer.Option("--build-dir", metavar="FOLDER", help="Where networks are kept.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
