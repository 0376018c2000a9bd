"""``carechannel demo``"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from carechannel.audit import Disclosure
from carechannel.cli import hints
from carechannel.cli.audit import requester_of, what
from carechannel.cli.inputs import content_of
from carechannel.cli.session import console, is_json, refusals, set_json
from carechannel.demo import Cast, Story
from carechannel.demo.step import Step, Steps

_SHORT = 16


def demo(
    *,
    build_dir: Annotated[
        Path,
        typer.Option("--build-dir", envvar="CARECHANNEL_BUILD_DIR", help="Folder of the generated networks."),
    ] = Path("network/.build"),
    name: Annotated[str, typer.Option("--name", help="Name of the network in it.")] = "dev",
    consortium: Annotated[
        str, typer.Option("--consortium", help="The consortium to play in.")
    ] = "regional-care",
    file: Annotated[
        Path | None, typer.Option("--file", help="Your own FHIR R4 resource or Bundle (JSON).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for programs.")] = False,
) -> None:
    """Watch a real record go from one hospital to another under the patient's consent."""
    set_json(as_json)
    network = (build_dir / name).absolute()
    wallet = network / "demo" / f"patient-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06d}"
    steps = Steps(_say_nothing if is_json() else _tell)
    with refusals():
        story = Story(Cast(network, consortium), wallet, _content(file), steps)
        if not is_json():
            console().print(f"A record's journey in the consortium [bold]{consortium}[/bold]\n")
        entries = asyncio.run(story.run())
    if is_json():
        _write_json(steps.done, entries, wallet)
    else:
        _show_audit(entries)
        _show_end(steps.done, network, wallet, consortium)


def _content(file: Path | None) -> bytes:
    if file is not None:
        return content_of(file)
    return files("carechannel.demo").joinpath("patient.json").read_bytes()


def _say_nothing(number: int, step: Step) -> None:
    """With JSON the steps are written together at the end."""


def _tell(number: int, step: Step) -> None:
    console().print(f"[bold]{number}. {step.title}[/bold]  [dim]{step.seconds:.2f} s[/dim]", highlight=False)
    console().print(f"   {step.outcome}", highlight=False)


def _show_audit(entries: Sequence[Disclosure]) -> None:
    table = Table(title="\nWhat the auditor sees (newest request first)", title_justify="left", box=None)
    for heading in ("entry", "who", "what", "block", "transaction", "in block"):
        table.add_column(heading, no_wrap=True)
    for entry in entries:
        table.add_row(
            entry.kind,
            requester_of(entry, entries),
            what(entry),
            str(entry.block_number),
            f"{entry.transaction_id[:_SHORT]}…",
            "yes" if entry.verified else "NO",
        )
    console().print(table)


def _show_end(steps: Sequence[Step], network: Path, wallet: Path, consortium: str) -> None:
    total = sum(step.seconds for step in steps)
    care = hints.program("carechannel")
    console().print(
        f"\n[bold]Done: {len(steps)} steps in {total:.1f} s, every outcome as it must be.[/bold]\n\n"
        "The network is still up. Look around:\n",
        highlight=False,
    )
    for line in (
        hints.operate("status", network),
        f"export CARECHANNEL_PROFILE={network / 'profiles' / 'hospital-a.json'}",
        f"export CARECHANNEL_CONSORTIUM={consortium}",
        f"{care} institution list --identity admin",
        f"{care} consents list --wallet {wallet}",
        f"{care} audit disclosures --identity auditor --custodian HospitalAMSP",
    ):
        typer.echo(f"  {line}")
    typer.echo(f"\nStop it, and keep the data:  {hints.operate('down', network)}")
    typer.echo(f"Stop it and remove the data: {hints.operate('clean', network)}")


def _write_json(steps: Sequence[Step], entries: Sequence[Disclosure], wallet: Path) -> None:
    content = {
        "steps": [{"title": s.title, "outcome": s.outcome, "seconds": round(s.seconds, 3)} for s in steps],
        "audit": [
            {
                "kind": entry.kind,
                "request_id": entry.request_id,
                "transaction_id": entry.transaction_id,
                "block": entry.block_number,
                "verified": entry.verified,
            }
            for entry in entries
        ],
        "wallet": str(wallet),
    }
    typer.echo(json.dumps(content))
