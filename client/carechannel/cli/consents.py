"""``carechannel consents``"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from care_rules.canonical import Json, parse_json
from care_rules.errors import InputInvalidError

from carechannel.cli import options
from carechannel.cli.inputs import content_of, handle_of, moment_of
from carechannel.cli.session import Row, act, act_as_patient, refusals, set_json, show
from carechannel.consents import draft
from carechannel.consortium import Consortium
from carechannel.errors import NotJsonError
from carechannel.profile import Profile
from carechannel.replies import ConsentEntry
from carechannel.wallet import Wallet

app = typer.Typer(help="Grant, revoke and list consents.", no_args_is_help=True)

Custodians = Annotated[
    list[str] | None,
    typer.Option("--custodian", help="MSP ID of a custodian; all that the wallet names unless given."),
]


@app.command()
def grant(
    *,
    wallet: options.Wallet,
    profile: options.Profile,
    consortium: options.Consortium,
    to: Annotated[list[str] | None, typer.Option("--to", help="MSP ID of an institution.")] = None,
    staff: Annotated[list[str] | None, typer.Option("--staff", help="One person: MSP ID/staff id.")] = None,
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", help="Purpose of use, such as TREAT.")
    ] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="FHIR resource type.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Date or time at which it ends.")] = None,
    deny: Annotated[bool, typer.Option("--deny", help="Forbid instead of permit.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="A FHIR R4 Consent (JSON) to sign instead.")
    ] = None,
    custodians: Custodians = None,
    as_json: options.AsJson = False,
) -> None:
    """Sign a consent with the patient's key and give it to the custodians."""
    set_json(as_json)
    end = moment_of(until)
    if not (file or to or staff):
        raise typer.BadParameter("Name whom it is for with --to or --staff, or a consent with --file.")
    if end is not None and end <= datetime.now(UTC):
        raise typer.BadParameter("--until lies in the past, so the consent would never apply.")
    with refusals():
        given = None if file is None else _consent(file)
        described = Profile.load(profile)
        # A consent for a mistyped member would be taken, and never apply.
        for named in (*(to or ()), *(person.partition("/")[0] for person in staff or ())):
            described.member(consortium, named)

    async def action(opened: Consortium, kept: Wallet) -> Sequence[Row]:
        consent = given or draft(
            kept.handle,
            kind="deny" if deny else "permit",
            institutions=to or (),
            staff=staff or (),
            purposes=purpose or (),
            types=types or (),
            end=end,
        )
        rows = []
        for custodian in custodians or kept.custodians:
            done = await opened.consents.grant(kept.handle, consent, custodian=custodian)
            rows.append(_row(custodian, str(consent.get("id")), done.transaction_id, done.block_number))
        return rows

    show("Granted", act_as_patient(profile, wallet, consortium, action))


@app.command()
def revoke(
    *,
    consent: Annotated[str, typer.Argument(help="Id of the consent.")],
    wallet: options.Wallet,
    profile: options.Profile,
    consortium: options.Consortium,
    custodians: Custodians = None,
    as_json: options.AsJson = False,
) -> None:
    """Revoke a consent at the custodians."""
    set_json(as_json)

    async def action(opened: Consortium, kept: Wallet) -> Sequence[Row]:
        rows = []
        for custodian in custodians or kept.custodians:
            done = await opened.consents.revoke(kept.handle, consent, custodian=custodian)
            rows.append(_row(custodian, consent, done.transaction_id, done.block_number))
        return rows

    show("Revoked", act_as_patient(profile, wallet, consortium, action))


@app.command("list")
def list_(
    *,
    profile: options.Profile,
    consortium: options.Consortium,
    wallet: Annotated[
        Path | None, typer.Option("--wallet", envvar="CARECHANNEL_WALLET", help="As the patient: the wallet.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", help="As the custodian's staff: the patient's code or handle.")
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", envvar="CARECHANNEL_IDENTITY", help="As the custodian's staff: who acts."),
    ] = None,
    custodians: Custodians = None,
    as_json: options.AsJson = False,
) -> None:
    """List a patient's consents: as the patient (--wallet), or as the custodian's staff (--patient)."""
    set_json(as_json)
    if patient is not None and identity is not None:

        async def by_staff(opened: Consortium) -> Sequence[Row]:
            handle = handle_of(patient, consortium)
            own = custodians or [opened.msp_id]
            return [_listed(c, item) for c in own for item in await opened.consents.list(handle, custodian=c)]

        rows = act(profile, identity, consortium, by_staff)
    elif wallet is not None:

        async def by_patient(opened: Consortium, kept: Wallet) -> Sequence[Row]:
            asked = custodians or kept.custodians
            return [
                _listed(c, item)
                for c in asked
                for item in await opened.consents.list(kept.handle, custodian=c)
            ]

        rows = act_as_patient(profile, wallet, consortium, by_patient)
    else:
        raise typer.BadParameter("Give --wallet, or --patient with --identity.")
    show("Consents", rows, ("consent_id", "status", "granted_at", "custodian"))


def _consent(file: Path) -> dict[str, Json]:
    try:
        value = parse_json(content_of(file))
    except InputInvalidError as error:
        raise NotJsonError(f"{file} is not usable: {error}") from error
    if not isinstance(value, dict):
        raise NotJsonError(f"{file} does not hold a JSON object.")
    return value


def _row(custodian: str, consent_id: str, transaction_id: str, block: int) -> Row:
    return {
        "custodian": custodian,
        "consent_id": consent_id,
        "transaction_id": transaction_id,
        "block": block,
    }


def _listed(custodian: str, entry: ConsentEntry) -> Row:
    return {
        "consent_id": entry.consent_id,
        "status": entry.status,
        "version": entry.version,
        "granted_at": entry.granted_at,
        "revoked_at": entry.revoked_at,
        "custodian": custodian,
    }
