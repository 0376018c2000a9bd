"""``carechannel ca revoke`` and ``crl``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from carechannel.cli.ca_connection import CaName, ProfileFile, Registrar, TlsRoot, Url, authority
from carechannel.cli.inputs import moment_of
from carechannel.cli.options import AsJson
from carechannel.cli.session import is_json, set_json, show_one
from carechannel.files import write_atomically
from carechannel.sdk import CertificateFileError, Reason, read_msp

_PUBLIC = 0o644


def revoke(
    name: Annotated[str | None, typer.Argument(help="An identity, with all its certificates.")] = None,
    *,
    registrar: Registrar,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="Only this certificate (PEM), or …")
    ] = None,
    serial: Annotated[str | None, typer.Option("--serial", help="… that with this serial number")] = None,
    aki: Annotated[str | None, typer.Option("--aki", help="and authority key identifier (hex).")] = None,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    reason: Annotated[Reason, typer.Option("--reason", help="As in RFC 5280.")] = "unspecified",
    out: Annotated[Path | None, typer.Option("--out", help="Write the CA's new CRL (PEM) here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Revoke an identity or one certificate. The network heeds it once the CRL is in the channel's MSP."""
    set_json(as_json)
    if sum((name is not None, certificate is not None, serial is not None or aki is not None)) != 1:
        raise typer.BadParameter("Name an identity, or --certificate, or --serial with --aki.")
    if (serial is None) != (aki is None):
        raise typer.BadParameter("--serial and --aki belong together.")
    with authority(profile, url, tls_root, ca_name) as ca:
        revoker = read_msp(registrar)
        if name is not None:
            told = ca.revocations.revoke(revoker, name, reason=reason)
        elif certificate is not None:
            told = ca.revocations.revoke_pem(revoker, _read(certificate), reason=reason)
        else:
            told = ca.revocations.revoke_certificate(revoker, serial or "", aki or "", reason=reason)
        if out is not None and told.crl_pem is not None:
            _write(out, told.crl_pem)
        show_one(
            "Revoked",
            {
                "certificates": [each.serial for each in told.certificates],
                "crl": out if told.crl_pem is not None else None,
            },
        )


def crl(
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write it here, not to standard output.")] = None,
    revoked_after: Annotated[str | None, typer.Option("--revoked-after", help="ISO 8601, else UTC.")] = None,
    revoked_before: Annotated[str | None, typer.Option("--revoked-before", help="Likewise.")] = None,
    expires_after: Annotated[str | None, typer.Option("--expires-after", help="Likewise.")] = None,
    expires_before: Annotated[str | None, typer.Option("--expires-before", help="Likewise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have the CA make its list of revoked certificates (CRL, PEM); for an MSP give no dates."""
    set_json(as_json)
    dates = {
        "revoked_after": moment_of(revoked_after),
        "revoked_before": moment_of(revoked_before),
        "expires_after": moment_of(expires_after),
        "expires_before": moment_of(expires_before),
    }
    with authority(profile, url, tls_root, ca_name) as ca:
        made = ca.revocations.crl(read_msp(registrar), **dates)
        if out is not None:
            _write(out, made)
            show_one("Made", {"crl": out})
        elif is_json():
            show_one("Made", {"crl": made.decode()})
        else:
            typer.echo(made.decode(), nl=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateFileError(f"{path} cannot be read: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():
        # It would be replaced by a file: /dev/stdout, say, for all programs of the machine.
        raise CertificateFileError(f"{path} is no file; without --out of `crl` it goes to standard output.")
    try:
        write_atomically(path, content, mode=_PUBLIC)
    except OSError as error:
        raise CertificateFileError(
            f"{path} cannot be written: {error.strerror}. What was asked of the CA is done."
        ) from error
