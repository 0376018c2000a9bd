"""``carechannel audit``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from carechannel.audit import Disclosure
from carechannel.cli import options
from carechannel.cli.inputs import handle_of, moment_of
from carechannel.cli.session import Row, act, fail, set_json, show
from carechannel.consortium import Consortium
from carechannel.errors import DisclosureUnverifiedError

_COLUMNS = ("at", "kind", "who", "what", "block", "transaction_id", "verified")

app = typer.Typer(
    help="See who asked for what and got what, checked against the chain.", no_args_is_help=True
)


@app.command()
def disclosures(
    *,
    custodian: options.Custodian,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    patient: Annotated[
        str | None, typer.Option("--patient", help="Only this patient's (code or handle).")
    ] = None,
    institution: Annotated[
        str | None, typer.Option("--institution", help="Only requests from this MSP ID.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only requests from this date or time on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Only requests before this date or time.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List requests, decisions, answers and receipts at a custodian; each is checked against its block."""
    set_json(as_json)
    start, end = moment_of(since), moment_of(until)

    async def action(opened: Consortium) -> Sequence[Disclosure]:
        handle = None if patient is None else handle_of(patient, consortium)
        return await opened.audit.disclosures(
            custodian, handle=handle, institution=institution, since=start, until=end
        )

    _show("Disclosures", act(profile, identity, consortium, action))


@app.command()
def history(
    *,
    custodian: options.Custodian,
    patient: options.Patient,
    record: Annotated[str, typer.Option("--record", help="Id of the record.")],
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    as_json: options.AsJson = False,
) -> None:
    """List the versions of a record; each is checked against its block."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[Disclosure]:
        handle = handle_of(patient, consortium)
        return await opened.audit.history(custodian, handle, record)

    _show("Versions", act(profile, identity, consortium, action))


def _show(title: str, entries: Sequence[Disclosure]) -> None:
    show(title, [_row(entry, entries) for entry in entries], _COLUMNS)
    if broken := [entry for entry in entries if not entry.verified]:
        fail(
            DisclosureUnverifiedError(
                f"{len(broken)} of {len(entries)} entries do not agree with their block; the custodian's "
                "collection was changed, or its chain differs from yours.",
                transaction_id=broken[0].transaction_id,
            )
        )


def _row(entry: Disclosure, entries: Sequence[Disclosure]) -> Row:
    return {
        "at": entry.at,
        "request_id": entry.request_id,
        "kind": entry.kind,
        "who": requester_of(entry, entries),
        "staff_id": _staff(entry),
        "what": what(entry),
        "block": entry.block_number,
        "transaction_id": entry.transaction_id,
        "verified": "yes" if entry.verified else "NO",
    }


def requester_of(entry: Disclosure, entries: Sequence[Disclosure]) -> str:
    """MSP ID of who acted: a request and its receipt are the requester's, all else is the custodian's."""
    if entry.kind in {"request", "receipt"}:
        for other in entries:
            who = other.details.get("requester")
            if other.request_id == entry.request_id and isinstance(who, dict):
                return str(who.get("msp_id"))
    return entry.custodian


def what(entry: Disclosure) -> str:
    """What an entry says, in a word or two: purpose, decision, status, version or number of keys."""
    for name in ("purpose", "decision", "status"):
        if isinstance(value := entry.details.get(name), str):
            return value
    if entry.kind == "record":
        return f"version {entry.details.get('version')}"
    records = entry.details.get("records")
    return f"{len(records)} keys" if isinstance(records, list) else ""


def _staff(entry: Disclosure) -> str | None:
    who = entry.details.get("requester") or entry.details.get("author")
    return str(who.get("staff_id")) if isinstance(who, dict) else None
