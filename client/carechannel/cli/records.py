"""``carechannel records``"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from carechannel.access import DEFAULT_TIMEOUT
from carechannel.cli import options
from carechannel.cli.inputs import FileUnreadableError, content_of, handle_of
from carechannel.cli.session import Row, act, refusals, set_json, show, show_one
from carechannel.code import PatientCode
from carechannel.consortium import Consortium
from carechannel.files import write_atomically
from carechannel.publishing import Published
from carechannel.reading import Record
from carechannel.replies import RecordVersion

app = typer.Typer(help="Publish and read health records.", no_args_is_help=True)

_COLUMNS = ("record_id", "version", "type", "size", "published_at")

RecordId = Annotated[str, typer.Option("--record", help="Id of the record.")]
Keeper = Annotated[
    str | None,
    typer.Option("--custodian", help="MSP ID of the custodian; your own institution unless given."),
]


@app.command()
def publish(
    *,
    file: Annotated[Path, typer.Argument(help="FHIR R4 resource or Bundle in JSON.")],
    patient: options.Patient,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    as_json: options.AsJson = False,
) -> None:
    """Publish a record of a patient, with your institution as its custodian."""
    set_json(as_json)

    async def action(opened: Consortium) -> Published:
        handle, data = handle_of(patient, consortium), content_of(file)
        return await opened.records.publish(handle, data)

    show_one("Published", _published(act(profile, identity, consortium, action)))


@app.command()
def amend(
    *,
    file: Annotated[Path, typer.Argument(help="The new content: FHIR R4 in JSON.")],
    record: RecordId,
    patient: options.Patient,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    as_json: options.AsJson = False,
) -> None:
    """Publish a further version of a record."""
    set_json(as_json)

    async def action(opened: Consortium) -> Published:
        handle, data = handle_of(patient, consortium), content_of(file)
        return await opened.records.amend(handle, record, data)

    show_one("Amended", _published(act(profile, identity, consortium, action)))


@app.command()
def resume(
    *,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    as_json: options.AsJson = False,
) -> None:
    """Finish what a crash left unfinished."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[Published]:
        return await opened.records.resume()

    rows = [_published(item) for item in act(profile, identity, consortium, action)]
    show(
        "Finished",
        rows,
        ("record_id", "version", "block", "transaction_id"),
        empty="Nothing was left unfinished.",
    )


@app.command("list")
def list_(
    *,
    patient: options.Patient,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    custodian: Keeper = None,
    as_json: options.AsJson = False,
) -> None:
    """List the newest versions of a patient's records."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[RecordVersion]:
        handle = handle_of(patient, consortium)
        return await opened.records.list(handle, custodian=custodian)

    show("Records", [_version(item) for item in act(profile, identity, consortium, action)], _COLUMNS)


@app.command()
def history(
    *,
    record: RecordId,
    patient: options.Patient,
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    custodian: Keeper = None,
    as_json: options.AsJson = False,
) -> None:
    """Show all versions of a record."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[RecordVersion]:
        handle = handle_of(patient, consortium)
        return await opened.records.history(handle, record, custodian=custodian)

    show("Versions", [_version(item) for item in act(profile, identity, consortium, action)], _COLUMNS)


@app.command()
def read(
    *,
    code: Annotated[str, typer.Argument(help="The patient's code (care1.…).")],
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    purpose: options.Purpose = "TREAT",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only records of this resource type.")
    ] = None,
    records: Annotated[list[str] | None, typer.Option("--record", help="Only the record of this id.")] = None,
    custodians: Annotated[
        list[str] | None, typer.Option("--custodian", help="Ask only this one of the custodians in the code.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the records, one file each.")] = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for an answer.")] = DEFAULT_TIMEOUT,
    as_json: options.AsJson = False,
) -> None:
    """Ask for a patient's records, and open what is released."""
    set_json(as_json)

    async def action(opened: Consortium) -> Sequence[Record]:
        parsed = PatientCode.parse(code)
        return await opened.records.read(
            parsed,
            purpose=purpose,
            types=types or (),
            record_ids=records or (),
            custodians=custodians or (),
            wait=wait,
        )

    received(act(profile, identity, consortium, action), out)


def received(records: Sequence[Record], out: Path | None) -> None:
    """Shows what was read, and writes it to a folder where one is named."""
    rows = []
    for record in records:
        path = None if out is None else out / f"{record.record_id}-{record.version}.json"
        if path is not None:
            with refusals():
                _write(path, record.data)
        rows.append(
            {
                "record_id": record.record_id,
                "version": record.version,
                "type": record.type,
                "size": len(record.data),
                "sha256": hashlib.sha256(record.data).hexdigest(),
                "custodian": record.custodian,
                "file": path,
            }
        )
    show("Read", rows, ("record_id", "version", "type", "size", "custodian", "file"))


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(path, data)
    except OSError as error:
        raise FileUnreadableError(f"{path} cannot be written: {error.strerror}.") from error


def _published(published: Published) -> Row:
    return {
        "record_id": published.record_id,
        "version": published.version,
        "transaction_id": published.transaction_id,
        "block": published.block_number,
        "blob": published.digest,
    }


def _version(record: RecordVersion) -> Row:
    return {
        "record_id": record.record_id,
        "version": record.version,
        "type": record.type,
        "date": record.date,
        "size": record.size,
        "published_at": record.published_at,
        "transaction_id": record.transaction_id,
    }
