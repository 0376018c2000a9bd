"""Options that many commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[
    Path,
    typer.Option(
        "--profile", envvar="CARECHANNEL_PROFILE", help="Connection profile of your institution (JSON)."
    ),
]
Identity = Annotated[
    Path,
    typer.Option(
        "--identity",
        envvar="CARECHANNEL_IDENTITY",
        help="Who acts: a user's folder, or a name in the profile's users folder.",
    ),
]
Consortium = Annotated[
    str,
    typer.Option("--consortium", envvar="CARECHANNEL_CONSORTIUM", help="Name of the consortium (channel)."),
]
Wallet = Annotated[
    Path, typer.Option("--wallet", envvar="CARECHANNEL_WALLET", help="The patient's own folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for programs.")]
Patient = Annotated[str, typer.Option("--patient", help="The patient's code (care1.…) or handle.")]
Custodian = Annotated[
    str, typer.Option("--custodian", help="MSP ID of the institution that keeps the records.")
]
Purpose = Annotated[
    str, typer.Option("--purpose", help="Purpose of use: TREAT, ETREAT, HPAYMT, HOPERAT, HRESCH, PATRQT, …")
]
