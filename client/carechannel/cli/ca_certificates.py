"""``carechannel ca certificates`` and ``expiry``"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from carechannel.cli.ca_connection import (
    CaName,
    ProfileFile,
    Registrar,
    TlsRoot,
    Url,
    authority,
    ca_refusals,
)
from carechannel.cli.inputs import moment_of
from carechannel.cli.options import AsJson
from carechannel.cli.session import Row, set_json, show
from carechannel.sdk import expiring, read_msp
from carechannel.sdk.expiry import CertificateExpiry, in_folder, of_ca

_LONGEST = 999_999


def certificates(
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    name: Annotated[str | None, typer.Option("--name", help="Only this identity's.")] = None,
    serial: Annotated[str | None, typer.Option("--serial", help="Only this serial number (hex).")] = None,
    aki: Annotated[str | None, typer.Option("--aki", help="Only this authority key (hex).")] = None,
    expires_after: Annotated[
        str | None, typer.Option("--expires-after", help="ISO 8601; UTC if bare.")
    ] = None,
    expires_before: Annotated[str | None, typer.Option("--expires-before", help="Likewise.")] = None,
    revoked_after: Annotated[str | None, typer.Option("--revoked-after", help="Likewise.")] = None,
    revoked_before: Annotated[str | None, typer.Option("--revoked-before", help="Likewise.")] = None,
    not_expired: Annotated[bool, typer.Option("--not-expired", help="Leave out what has expired.")] = False,
    not_revoked: Annotated[bool, typer.Option("--not-revoked", help="Leave out what is revoked.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the certificates that the CA issued; every filter has to let a certificate through."""
    set_json(as_json)
    dates = {
        "expires_after": moment_of(expires_after),
        "expires_before": moment_of(expires_before),
        "revoked_after": moment_of(revoked_after),
        "revoked_before": moment_of(revoked_before),
    }
    with authority(profile, url, tls_root, ca_name) as ca:
        found = ca.certificates.list(
            read_msp(registrar),
            enrollment_id=name,
            serial=serial,
            authority_key_id=aki,
            expired=not not_expired,
            revoked=not not_revoked,
            **dates,
        )
    rows: list[Row] = [
        {
            "name": each.enrollment_id,
            "serial": each.serial,
            "aki": each.authority_key_id,
            "starts_at": each.not_before.isoformat(),
            "expires_at": each.not_after.isoformat(),
            "pem": each.pem.decode(),
        }
        for each in found
    ]
    show("Certificates", rows, ("name", "serial", "expires_at"))


def expiry(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="MSP folders, wallets, certificates, or what holds them.")
    ] = None,
    *,
    days: Annotated[int, typer.Option("--days", min=0, max=_LONGEST, help="How far to look ahead.")] = 30,
    registrar: Annotated[
        Path | None, typer.Option("--registrar", help="Ask the CA instead, in this MSP folder's name.")
    ] = None,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    as_json: AsJson = False,
) -> None:
    """List what has expired or will soon. Exit status 1 if there is any: fit for a monitor."""
    set_json(as_json)
    if bool(folders) == (registrar is not None):
        raise typer.BadParameter("Name folders, or --registrar to ask the CA.")
    found: list[CertificateExpiry] = []
    if registrar is not None:
        with authority(profile, url, tls_root, ca_name) as ca:
            found += of_ca(ca.certificates.list(read_msp(registrar), expired=False, revoked=False), ca.url)
    with ca_refusals():
        for folder in folders or []:
            found += in_folder(folder)
    ending = expiring(found, timedelta(days=days))
    show(
        "Expired or ending soon",
        [_ending(each) for each in ending],
        ("name", "days", "expires_at", "found"),
        empty=f"None of {len(found)} certificates ends within {days} days.",
    )
    if ending:
        raise typer.Exit(1)


def _ending(each: CertificateExpiry) -> Row:
    return {
        "name": each.name,
        "serial": each.serial,
        "days": each.remaining().days,
        "expires_at": each.not_after.isoformat(),
        "found": each.found,
    }
