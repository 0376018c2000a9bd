"""``carechannel access``"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from carechannel.access import AccessRequest
from carechannel.cli import options
from carechannel.cli.records import received
from carechannel.cli.session import act, set_json, show_one
from carechannel.code import PatientCode
from carechannel.consortium import Consortium
from carechannel.errors import NotAvailableError
from carechannel.reading import Record

app = typer.Typer(help="Ask for records, and see what comes of it.", no_args_is_help=True)


@app.command()
def request(
    *,
    code: Annotated[str, typer.Argument(help="The patient's code (care1.…).")],
    custodian: options.Custodian,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    purpose: options.Purpose = "TREAT",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only records of this resource type.")
    ] = None,
    records: Annotated[list[str] | None, typer.Option("--record", help="Only the record of this id.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Ask a custodian for a patient's records; the answer comes later."""
    set_json(as_json)

    async def action(opened: Consortium) -> AccessRequest:
        parsed = PatientCode.parse(code)
        return await opened.access.request(
            parsed, custodian=custodian, purpose=purpose, types=types or (), record_ids=records or ()
        )

    asked = act(profile, identity, consortium, action)
    show_one(
        "Asked", {"request_id": asked.request_id, "custodian": asked.custodian, "block": asked.block_number}
    )


@app.command()
def outcome(
    *,
    request_id: Annotated[str, typer.Argument(help="Id of the request.")],
    custodian: options.Custodian,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the answer.")] = 0.0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the records, one file each.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Fetch the outcome of a request: open what is released, and write the receipt."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[Record]:
        asked = AccessRequest(custodian, request_id)
        records = await opened.records.receive(asked, await opened.access.outcome(asked, wait=wait))
        if not records:
            raise NotAvailableError("Nothing is available for this request.")
        return records

    received(act(profile, identity, consortium, action), out)
