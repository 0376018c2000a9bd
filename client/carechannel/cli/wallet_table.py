"""A wallet's entries as people and programs read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import typer
from cryptography.hazmat.primitives import hashes
from rich.table import Table
from rich.text import Text

from carechannel.cli.session import Row, console, is_json, plain
from carechannel.wallet import Entry, HardwareKey

SOON = timedelta(days=30)
_DAY = timedelta(days=1)


def summary(entry: Entry) -> Row:
    """One line of the list."""
    left = entry.remaining()
    return {
        "name": entry.name,
        "msp_id": entry.msp_id,
        "subject": entry.common_name,
        "key": f"{entry.key_type}, {'PKCS#11' if entry.is_hardware else 'file'}",
        "expires_at": entry.certificate.not_valid_after_utc.isoformat(),
        "expires_in_days": left // _DAY,
        "expiry": expiry(left),
    }


def described(entry: Entry) -> Row:
    """All that can be said without the password."""
    certificate = entry.certificate
    row: dict[str, object] = {
        **summary(entry),
        "role": entry.role or None,
        "issuer": certificate.issuer.rfc4514_string(),
        "serial": f"{certificate.serial_number:x}",
        "valid_from": certificate.not_valid_before_utc.isoformat(),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }
    if isinstance(entry.key, HardwareKey):
        place = entry.key
        row |= {
            "module": str(place.module),
            "token": place.token,
            "slot": place.slot,
            "key_label": place.label,
            "key_id": None if place.id is None else place.id.hex(),
        }
    return row


def expiry(left: timedelta) -> str:
    """How long a certificate is still valid, in words."""
    days = left // _DAY
    if days < 0:
        return f"expired {_days(-left // _DAY)} ago" if -left >= _DAY else "expired today"
    if days == 0:
        return f"expires in {left // timedelta(hours=1)} hours"
    return f"expires in {_days(days)}"


def show_entries(rows: Sequence[Row]) -> None:
    """Writes the list; what expires soon or cannot be used stands out, by words and by colour."""
    if is_json():
        typer.echo(json.dumps(list(rows)))
        return
    if not rows:
        typer.echo("The wallet is empty.")
        return
    table = Table(box=None, pad_edge=False, show_edge=False, expand=False)
    for heading in ("name", "MSP ID", "key", "expiry"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(
            *(Text(plain(str(row.get(name, "–")))) for name in ("name", "msp_id", "key")), _marked(row)
        )
    console().print(table)
    for row in rows:
        if row["problem"] is not None:
            typer.echo(f"! {plain(str(row['name']))}: {row['problem']}")


def _marked(row: Row) -> Text:
    text, days = str(row.get("expiry", "unreadable")), row.get("expires_in_days")
    if not isinstance(days, int) or days < 0:
        return Text(text, style="bold red")
    return Text(text, style="bold yellow" if timedelta(days=days) < SOON else "")


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
