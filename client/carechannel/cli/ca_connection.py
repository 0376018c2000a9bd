"""Which CA a command asks, in whose name, and with what secret."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from carechannel.cli import secrets
from carechannel.cli.session import refusals
from carechannel.errors import CareChannelError
from carechannel.profile import Profile
from carechannel.sdk import CertificateAuthority, SdkError

ProfileFile = Annotated[
    Path | None,
    typer.Option(
        "--profile", envvar="CARECHANNEL_PROFILE", help="Connection profile that describes your CA, or …"
    ),
]
Url = Annotated[
    str | None, typer.Option("--url", envvar="CARECHANNEL_CA_URL", help="… the CA's address (https),")
]
TlsRoot = Annotated[
    Path | None,
    typer.Option("--tls-root", envvar="CARECHANNEL_CA_TLS_ROOT", help="… its TLS root certificate (PEM),"),
]
CaName = Annotated[
    str,
    typer.Option(
        "--ca-name", envvar="CARECHANNEL_CA_NAME", help="… and its name, where a server has several."
    ),
]
Registrar = Annotated[
    Path,
    typer.Option("--registrar", envvar="CARECHANNEL_REGISTRAR", help="Who asks: an enrolled MSP folder."),
]
SecretEnv = Annotated[
    str | None, typer.Option("--secret-env", metavar="NAME", help="Environment variable with the secret.")
]
SecretFile = Annotated[
    Path | None, typer.Option("--secret-file", help="File (mode 0600) with the secret in one line.")
]


class CaError(CareChannelError):
    """What went wrong at a CA, as commands tell it: with the code of the `SdkError`."""

    def __init__(self, error: SdkError) -> None:
        super().__init__(str(error))
        self.code = error.code


@contextmanager
def ca_refusals() -> Iterator[None]:
    """Turns an error, of a CA too, into one sentence on standard error and exit status 1."""
    with refusals():
        try:
            yield
        except SdkError as error:
            raise CaError(error) from error


@contextmanager
def authority(
    profile: Path | None, url: str | None, tls_root: Path | None, name: str
) -> Iterator[CertificateAuthority]:
    """The CA that the options describe; errors as in `ca_refusals`.

    An address goes before a profile, which the environment may name for other commands.
    """
    if url is not None:
        if tls_root is None:
            raise typer.BadParameter("--url needs --tls-root, the certificate that the CA's TLS comes from.")
        with ca_refusals():
            yield CertificateAuthority(url, tls_root, name)
        return
    if profile is None:
        raise typer.BadParameter("Name the CA: --profile, or --url with --tls-root.")
    with ca_refusals(), tempfile.TemporaryDirectory(prefix="carechannel-") as folder:
        described = Profile.load(profile).authority()
        root = Path(folder, "tls-root.pem")
        if described.tls_roots is not None:
            root.write_text(described.tls_roots.text)
        yield CertificateAuthority(described.url, tls_root or root, name or described.name)


def enrolment_secret(variable: str | None, file: Path | None) -> str:
    """The secret that the options name, or one that is asked for without showing it."""
    if (found := secrets.given(variable, file)) is not None:
        return found.text
    if not sys.stdin.isatty():
        raise typer.BadParameter("There is no terminal to ask at: give --secret-env or --secret-file.")
    return str(typer.prompt("Secret", hide_input=True, err=True))


def pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """`name=value` as often as it was given. Anything else is wrong usage."""
    found: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{option} is written name=value.")
        if name in found:
            raise typer.BadParameter(f"{option} gives {name} twice.")
        found[name] = value
    return found
