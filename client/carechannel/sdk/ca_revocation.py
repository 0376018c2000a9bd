"""Taking certificates back, and the list that says so (CRL)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, get_args

from cryptography import x509

from carechannel.sdk._requests import Reply, enrollment_name, hexadecimal, moment, understood
from carechannel.sdk.ca_certificates import IssuedCertificate
from carechannel.sdk.enrollment import Enrollment
from carechannel.sdk.errors import CaReplyError, CaRequestError

if TYPE_CHECKING:
    from carechannel.sdk.ca import CertificateAuthority

Reason = Literal[
    "unspecified",
    "keycompromise",
    "cacompromise",
    "affiliationchanged",
    "superseded",
    "cessationofoperation",
    "certificatehold",
    "removefromcrl",
    "privilegewithdrawn",
    "aacompromise",
]
"""Fabric CA's names for the reasons of RFC 5280 (`lib/serverrevoke.go`); any other counts as unspecified."""


@dataclass(frozen=True)
class Revocation:
    """What was revoked, and the CA's new CRL (PEM); None where there was nothing to revoke."""

    certificates: tuple[RevokedCertificate, ...]
    crl_pem: bytes | None


@dataclass(frozen=True)
class RevokedCertificate:
    """Both hexadecimal, without leading zeros."""

    serial: str
    authority_key_id: str


class Revocations:
    """Revoking at a CA. Errors as in `CertificateAuthority`.

    The network goes on accepting the certificates until the CRL stands in the MSP of each channel's
    configuration.
    """

    def __init__(self, ca: CertificateAuthority) -> None:
        self._ca = ca

    def revoke(
        self, revoker: Enrollment, enrollment_id: str, *, reason: Reason = "unspecified"
    ) -> Revocation:
        """Revoke every certificate of an identity, and its right to enrol. Others' need `hf.Revoker`."""
        return self._revoke(revoker, enrollment_name(enrollment_id), "", "", reason)

    def revoke_certificate(
        self, revoker: Enrollment, serial: str, authority_key_id: str, *, reason: Reason = "unspecified"
    ) -> Revocation:
        """Revoke one certificate; its owner may go on enrolling. Both numbers are hexadecimal."""
        return self._revoke(
            revoker,
            "",
            hexadecimal("The serial number", serial),
            hexadecimal("The authority key identifier", authority_key_id),
            reason,
        )

    def revoke_pem(
        self, revoker: Enrollment, certificate_pem: bytes, *, reason: Reason = "unspecified"
    ) -> Revocation:
        """Revoke this one certificate."""
        try:
            issued = IssuedCertificate.of(certificate_pem)
        except ValueError as error:
            raise CaRequestError(
                "What is to be revoked is no certificate that a Fabric CA issued."
            ) from error
        return self.revoke_certificate(revoker, issued.serial, issued.authority_key_id, reason=reason)

    def crl(
        self,
        maker: Enrollment,
        *,
        revoked_after: datetime | None = None,
        revoked_before: datetime | None = None,
        expires_after: datetime | None = None,
        expires_before: datetime | None = None,
    ) -> bytes:
        """A new CRL (PEM) of all that is revoked, expired or not, or of what the dates let through.

        `maker` needs `hf.GenCRL`. Dates need a time zone. A CRL for an MSP is the whole one: what is not
        in it counts as not revoked.
        """
        dates = (
            moment("revoked_before", revoked_before),
            moment("revoked_after", revoked_after),
            moment("expires_before", expires_before),
            moment("expires_after", expires_after),
        )
        theirs = self._ca._theirs(maker)
        with understood(self._ca.url):
            crl = self._ca._service.generateCRL(*dates, theirs)
        return self._readable(crl)

    def _revoke(
        self, revoker: Enrollment, enrollment_id: str, serial: str, aki: str, reason: Reason
    ) -> Revocation:
        if reason not in get_args(Reason):
            raise CaRequestError(
                f"{reason!r} is no reason to revoke; known are: {', '.join(get_args(Reason))}."
            )
        theirs = self._ca._theirs(revoker)
        with understood(self._ca.url):
            certificates, crl = self._ca._service.revoke(enrollment_id, aki, serial, reason, True, theirs)
        listed = Reply(self._ca.url, {"certificates": certificates}).objects("certificates", optional=True)
        revoked = tuple(RevokedCertificate(item.text("Serial"), item.text("AKI")) for item in listed)
        return Revocation(revoked, self._readable(crl) if revoked else None)

    def _readable(self, crl: object) -> bytes:
        try:
            pem = base64.b64decode(crl if isinstance(crl, str) else "", validate=True)
            x509.load_pem_x509_crl(pem)
        except (binascii.Error, ValueError) as error:
            raise CaReplyError(
                f"The CA at {self._ca.url} did what was asked, but gave no readable CRL; ask for one again."
            ) from error
        return pem
