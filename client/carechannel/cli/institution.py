"""``carechannel institution``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from carechannel.cli import options
from carechannel.cli.session import Row, act, act_on_each, set_json, show
from carechannel.consortium import Consortium
from carechannel.ledger import Committed
from carechannel.replies import Institution

app = typer.Typer(help="Join a consortium and approve its members.", no_args_is_help=True)


Consortia = Annotated[
    list[str] | None,
    typer.Option(
        "--consortium",
        envvar="CARECHANNEL_CONSORTIUM",
        help="Name of a consortium; all of the profile unless given.",
    ),
]


@app.command()
def join(
    *,
    profile: options.Profile,
    identity: options.Identity,
    consortia: Consortia = None,
    as_json: options.AsJson = False,
) -> None:
    """Register your institution and open its custody; what is done already is left alone."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[Row]:
        return [_row(opened, opened.msp_id, done) for done in await opened.institutions.join()]

    rows = act_on_each(profile, identity, consortia, action)
    show("Joined", rows, empty="Your institution has joined already.")


@app.command()
def approve(
    *,
    msp_id: Annotated[str | None, typer.Argument(help="MSP ID of the institution.")] = None,
    profile: options.Profile,
    identity: options.Identity,
    consortia: Consortia = None,
    everyone: Annotated[bool, typer.Option("--all", help="All that you have not approved yet.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Approve other institutions' entries as they stand."""
    set_json(as_json)
    if (msp_id is None) != everyone:
        raise typer.BadParameter("Name one institution, or give --all.")

    async def action(opened: Consortium) -> Sequence[Row]:
        if msp_id is None:
            done = await opened.institutions.approve_all()
        else:
            done = {msp_id: await opened.institutions.approve(msp_id)}
        return [_row(opened, name, committed) for name, committed in done.items()]

    rows = act_on_each(profile, identity, consortia, action)
    show("Approved", rows, empty="There was nothing left to approve.")


@app.command("list")
def list_(
    *,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    as_json: options.AsJson = False,
) -> None:
    """List the consortium's institutions."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[Institution]:
        return await opened.institutions.list()

    rows = [
        {
            "msp_id": entry.msp_id,
            "name": entry.name,
            "role": entry.role,
            "jurisdiction": entry.jurisdiction,
            "status": entry.status,
            "approvals": entry.approvals,
        }
        for entry in act(profile, identity, consortium, action)
    ]
    show("Institutions", rows, ("msp_id", "name", "role", "jurisdiction", "status"))


def _row(consortium: Consortium, msp_id: str, committed: Committed) -> Row:
    return {
        "consortium": consortium.name,
        "institution": msp_id,
        "transaction_id": committed.transaction_id,
        "block": committed.block_number,
    }
