"""``carechannel ca``: enrolling and registering; the rest of the group is in the modules beside."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from carechannel.cli import ca_certificates, ca_registry, ca_revoking, secrets
from carechannel.cli.ca_connection import (
    CaName,
    ProfileFile,
    Registrar,
    SecretEnv,
    SecretFile,
    TlsRoot,
    Url,
    authority,
    enrolment_secret,
    pairs,
)
from carechannel.cli.options import AsJson
from carechannel.cli.session import Row, set_json, show_one
from carechannel.files import write_atomically
from carechannel.sdk import (
    CaUnreachableError,
    CertificateFileError,
    Enrollment,
    IdentityType,
    SdkError,
    read_msp,
    write_msp,
)
from carechannel.sdk.msp import reserve_msp

app = typer.Typer(help="Certificates: enrol, register, revoke, list, watch.", no_args_is_help=True)
app.command("revoke")(ca_revoking.revoke)
app.command("crl")(ca_revoking.crl)
app.add_typer(ca_registry.identities, name="identities")
app.add_typer(ca_registry.affiliations, name="affiliations")
app.command("certificates")(ca_certificates.certificates)
app.command("expiry")(ca_certificates.expiry)

Name = Annotated[str, typer.Argument(help="Enrolment name.")]
SigningProfile = Annotated[
    str, typer.Option("--signing-profile", help="The CA's signing profile: tls for TLS certificates.")
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="DNS name or IP address for the certificate (repeatable).")
]
SECRET_BYTES = 24


@app.command()
def info(
    *,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    as_json: AsJson = False,
) -> None:
    """Show the CA's name, version and certificate chain. Needs no identity."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        told = ca.info()
        show_one(
            f"CA at {ca.url}", {"name": told.name, "version": told.version, "chain": told.chain_pem.decode()}
        )


@app.command()
def enroll(
    name: Name,
    *,
    msp: Annotated[Path, typer.Option("--msp", help="MSP folder to write; it must not be there yet.")],
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    secret_env: SecretEnv = None,
    secret_file: SecretFile = None,
    signing_profile: SigningProfile = "",
    hosts: Hosts = None,
    attributes: Annotated[
        list[str] | None,
        typer.Option("--attribute", help="Have only these attributes certified (repeatable)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key here, have it certified, and write both to an MSP folder."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        reserve_msp(msp)
        enrolled = ca.enroll(
            name,
            enrolment_secret(secret_env, secret_file),
            profile=signing_profile,
            hosts=hosts or (),
            attributes=attributes or (),
        )
        write_msp(msp, enrolled)
        show_one("Enrolled", _summary(enrolled, msp))


@app.command()
def reenroll(
    *,
    msp: Annotated[Path, typer.Option("--msp", help="MSP folder of the identity; it is renewed in place.")],
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    same_key: Annotated[
        bool, typer.Option("--same-key", help="Keep the key, as an orderer's TLS has to.")
    ] = False,
    signing_profile: SigningProfile = "",
    hosts: Hosts = None,
    as_json: AsJson = False,
) -> None:
    """Get a fresh certificate for an identity that has one, with a fresh key unless told."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        current = read_msp(msp)
        renewed = ca.reenroll(
            current,
            profile=signing_profile,
            hosts=hosts or (),
            key=current.checked_key() if same_key else None,
        )
        folder = msp / "msp" if (msp / "msp").is_dir() else msp
        write_msp(folder, renewed)
        show_one("Renewed", _summary(renewed, folder))


@app.command()
def register(
    name: Name,
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    type: Annotated[IdentityType, typer.Option("--type", help="Becomes the certificate's unit.")] = "client",
    affiliation: Annotated[str, typer.Option("--affiliation", help="Path such as hospital.surgery.")] = "",
    attributes: Annotated[
        list[str] | None,
        typer.Option("--attribute", help="name=value for its certificates (repeatable)."),
    ] = None,
    authorities: Annotated[
        list[str] | None,
        typer.Option("--authority", help="name=value for the CA alone, such as hf.Revoker=true."),
    ] = None,
    max_enrollments: Annotated[
        int, typer.Option("--max-enrollments", min=-1, help="How often it may enrol; -1: no limit.")
    ] = -1,
    secret_env: SecretEnv = None,
    secret_file: SecretFile = None,
    write_secret: Annotated[
        Path | None,
        typer.Option("--write-secret", help="Write the new secret to a new file (mode 0600) only."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an identity known. Shows its new secret, this once, unless it is written to a file or given."""
    set_json(as_json)
    if write_secret is not None and (secret_env is not None or secret_file is not None):
        raise typer.BadParameter("Give a secret, or have a new one written, not both.")
    own, rights = pairs("--attribute", attributes), pairs("--authority", authorities)
    with authority(profile, url, tls_root, ca_name) as ca, _new_secret(write_secret) as written:
        given = secrets.given(secret_env, secret_file)
        secret = ca.register(
            read_msp(registrar),
            name,
            type=type,
            affiliation=affiliation,
            attributes=own,
            authority=rights,
            max_enrollments=max_enrollments,
            secret=written if given is None else given.text,
        )
        row: dict[str, object] = {"enrolment_id": name}
        if write_secret is not None:
            row["secret_file"] = write_secret
        elif given is None:
            row["secret"] = secret
        show_one("Registered", row)


@contextmanager
def _new_secret(file: Path | None) -> Iterator[str | None]:
    """A fresh secret that is safe in `file` before the CA learns it; gone again if the CA did not take it."""
    if file is None:
        yield None
        return
    secret = randomness.token_urlsafe(SECRET_BYTES)
    try:
        write_atomically(file, f"{secret}\n".encode(), replace=False)
    except FileExistsError as error:
        raise CertificateFileError(f"{file} is there already; name another file.") from error
    except OSError as error:
        raise CertificateFileError(f"{file} cannot be written: {error.strerror}.") from error
    try:
        yield secret
    except SdkError as error:
        if not (isinstance(error, CaUnreachableError) and error.outcome_unknown):
            file.unlink()
        raise


def _summary(enrolled: Enrollment, msp: Path) -> Row:
    certificate = enrolled.certificate()
    return {
        "name": enrolled.common_name(),
        "msp": msp,
        "serial": f"{certificate.serial_number:x}",
        "expires_at": certificate.not_valid_after_utc.isoformat(),
    }
