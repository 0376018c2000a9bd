"""The command ``carechannel``: people read tables, programs take ``--json``.

Exit status: 0 done, 1 refused or failed (one sentence on standard error), 2 wrong usage.
"""

from __future__ import annotations

from typing import Annotated

import typer

from carechannel.cli import (
    access,
    agent,
    audit,
    ca,
    consents,
    demo,
    institution,
    ledger,
    patients,
    records,
    wallet,
)
from carechannel.cli.session import set_json

app = typer.Typer(
    name="carechannel",
    help="Share health records under the patient's own consent.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(records.app, name="records")
app.add_typer(consents.app, name="consents")
app.add_typer(access.app, name="access")
app.add_typer(audit.app, name="audit")
app.add_typer(patients.app, name="patients")
app.add_typer(institution.app, name="institution")
app.add_typer(agent.app, name="agent")
app.add_typer(ca.app, name="ca")
app.add_typer(ledger.app, name="ledger")
app.add_typer(wallet.app, name="wallet")
app.command("demo")(demo.demo)


@app.callback()
def options(
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON for programs, whatever the command.")
    ] = False,
) -> None:
    """Share health records under the patient's own consent."""
    set_json(as_json)


def main() -> None:
    """Runs the command line."""
    app()
