"""The certificates that a CA issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cryptography import x509

from carechannel.sdk._requests import Reply, hexadecimal, moment, understood
from carechannel.sdk.enrollment import Enrollment, common_name
from carechannel.sdk.errors import CaRequestError

if TYPE_CHECKING:
    from carechannel.sdk.ca import CertificateAuthority


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate of the CA's. Serial number and key identifier are hexadecimal, as for revoking."""

    pem: bytes
    enrollment_id: str
    serial: str
    authority_key_id: str
    not_before: datetime
    not_after: datetime

    @classmethod
    def of(cls, pem: bytes) -> IssuedCertificate:
        """Raises `ValueError` if it is not an X.509 certificate in PEM with an authority key identifier."""
        certificate = x509.load_pem_x509_certificate(pem)
        try:
            extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        except x509.ExtensionNotFound as error:
            raise ValueError("the certificate has no authority key identifier") from error
        if extension.value.key_identifier is None:
            raise ValueError("the certificate has no authority key identifier")
        return cls(
            pem,
            common_name(certificate),
            f"{certificate.serial_number:x}",
            extension.value.key_identifier.hex(),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )


class Certificates:
    """The certificates of a CA. Errors as in `CertificateAuthority`."""

    def __init__(self, ca: CertificateAuthority) -> None:
        self._ca = ca

    def list(
        self,
        reader: Enrollment,
        *,
        enrollment_id: str | None = None,
        serial: str | None = None,
        authority_key_id: str | None = None,
        expires_after: datetime | None = None,
        expires_before: datetime | None = None,
        revoked_after: datetime | None = None,
        revoked_before: datetime | None = None,
        expired: bool = True,
        revoked: bool = True,
    ) -> tuple[IssuedCertificate, ...]:
        """Those that all the filters let through; `expired` and `revoked` false leave those out.

        `reader` needs `hf.Registrar.Roles` or `hf.Revoker` and sees those at or below its affiliation.
        Dates need a time zone. `expired=False` and the `expires_` dates exclude one another, as do
        `revoked=False` and the `revoked_` dates.
        """
        if not expired and (expires_after or expires_before):
            raise CaRequestError("A date of expiry cannot be given together with expired=False.")
        if not revoked and (revoked_after or revoked_before):
            raise CaRequestError("A date of revocation cannot be given together with revoked=False.")
        if enrollment_id == "":
            raise CaRequestError("The enrolment name to look for is empty.")
        filters = {
            "id": enrollment_id,
            "serial": None if serial is None else hexadecimal("The serial number", serial),
            "aki": None
            if authority_key_id is None
            else hexadecimal("The authority key identifier", authority_key_id),
            "expired_start": moment("expires_after", expires_after),
            "expired_end": moment("expires_before", expires_before),
            "revoked_start": moment("revoked_after", revoked_after),
            "revoked_end": moment("revoked_before", revoked_before),
            "notexpired": None if expired else "true",
            "notrevoked": None if revoked else "true",
        }
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        # Not hfc's service: it encodes the query twice, so that the CA sees no filter and gives everything.
        answer = self._ca._client.signed_get(
            f"certificates?{query}" if query else "certificates", self._ca._theirs(reader)
        )
        listed = Reply(self._ca.url, answer).object("result").objects("certs")
        found: list[IssuedCertificate] = []
        with understood(self._ca.url):
            found += (IssuedCertificate.of(item.text("PEM").encode()) for item in listed)
        return tuple(found)
