"""Which certificates end soon: in folders, or of a CA."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from cryptography import x509

from carechannel.sdk.ca_certificates import IssuedCertificate
from carechannel.sdk.enrollment import common_name
from carechannel.sdk.errors import CertificateFileError

_MARK = b"-----BEGIN CERTIFICATE-----"
_LARGEST = 1 << 20
"""Bytes; a file above holds something else than certificates."""


@dataclass(frozen=True)
class CertificateExpiry:
    """A certificate, whose it is (common name), where it was found, and how long it is good."""

    name: str
    serial: str
    found: str
    not_before: datetime
    not_after: datetime

    def remaining(self, now: datetime | None = None) -> timedelta:
        """How long it is still good; negative once it has ended."""
        return self.not_after - (now or datetime.now(UTC))


def in_folder(folder: Path) -> tuple[CertificateExpiry, ...]:
    """All PEM certificates under a folder: an MSP, a wallet, an organisation, CA and TLS ones too.

    Raises `CertificateFileError`: there is none, a file or folder cannot be read, or what begins as a
    certificate is none.
    """
    found: list[CertificateExpiry] = []
    try:
        for path in sorted([folder] if folder.is_file() else _below(folder)):
            if path.is_file() and path.stat().st_size <= _LARGEST and _MARK in (content := path.read_bytes()):
                found += [_expiry(each, str(path)) for each in _certificates(path, content)]
    except OSError as error:
        raise CertificateFileError(f"{error.filename} cannot be read: {error.strerror}.") from error
    if not found:
        raise CertificateFileError(f"There is no certificate in {folder}.")
    return tuple(found)


def of_ca(certificates: Iterable[IssuedCertificate], url: str) -> tuple[CertificateExpiry, ...]:
    """Those that `CertificateAuthority.certificates.list` gave; best with `revoked=False`."""
    return tuple(
        CertificateExpiry(each.enrollment_id, each.serial, url, each.not_before, each.not_after)
        for each in certificates
    )


def expiring(
    certificates: Iterable[CertificateExpiry], within: timedelta, *, now: datetime | None = None
) -> tuple[CertificateExpiry, ...]:
    """Those that end `within` that time from `now`, or have ended, the first to end first."""
    now = now or datetime.now(UTC)
    try:
        limit = now + within
    except OverflowError:
        limit = datetime.max.replace(tzinfo=UTC)
    return tuple(
        sorted((each for each in certificates if each.not_after <= limit), key=lambda each: each.not_after)
    )


def _below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> NoReturn:
        # Without this, as with `rglob`, what cannot be read counts as empty.
        raise error

    for base, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(base, name) for name in names)


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        # A wallet's entries are JSON, in which the lines of a PEM are joined by this.
        return x509.load_pem_x509_certificates(content.replace(b"\\n", b"\n"))
    except ValueError as error:
        raise CertificateFileError(f"{path} holds a certificate that cannot be read.") from error


def _expiry(certificate: x509.Certificate, found: str) -> CertificateExpiry:
    return CertificateExpiry(
        common_name(certificate) or certificate.subject.rfc4514_string(),
        f"{certificate.serial_number:x}",
        found,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )
