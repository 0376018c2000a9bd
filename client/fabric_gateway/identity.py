"""Who speaks: an MSP ID and a certificate that this MSP's authority signed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from fabric_gateway.errors import IdentityError

# One certificate and nothing else: of several blocks the peer (Go's encoding/pem) and Python's reader pick
# different ones, and a block's creator would be shown as somebody else (fabric_shim.identity has the same).
_ONE_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END CERTIFICATE-----(?:\r?\n)*"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A client's, peer's or orderer's identity (``msp.SerializedIdentity``).

    Attributes:
        msp_id: the organisation's MSP ID, for instance ``HospitalAMSP``.
        certificate_pem: its X.509 certificate in PEM.
    """

    msp_id: str
    certificate_pem: bytes

    @property
    def certificate(self) -> x509.Certificate:
        """The parsed certificate.

        Raises:
            IdentityError: the PEM does not hold one.
        """
        if _ONE_CERTIFICATE.fullmatch(self.certificate_pem) is None:
            raise IdentityError(
                f"the certificate of {self.msp_id} is not one PEM certificate and nothing else; "
                "leave out any text around it"
            )
        try:
            return x509.load_pem_x509_certificate(self.certificate_pem)
        except (ValueError, x509.InvalidVersion) as error:
            raise IdentityError(
                f"the certificate of {self.msp_id} is not X.509 in PEM; give the file from signcerts"
            ) from error

    def check_validity(self, now: datetime | None = None) -> None:
        """Refuse a certificate that peers would refuse for its dates.

        Raises:
            IdentityError: it has expired or is not valid yet.
        """
        certificate, now = self.certificate, now or datetime.now(UTC)
        if now > certificate.not_valid_after_utc:
            raise IdentityError(
                f"the certificate of this {self.msp_id} identity expired at "
                f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, and this machine's clock says "
                f"{now:%Y-%m-%d %H:%M}; enrol again, or set the clock"
            )
        if now < certificate.not_valid_before_utc:
            raise IdentityError(
                f"the certificate of this {self.msp_id} identity is not valid before "
                f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC, and this machine's clock says "
                f"{now:%Y-%m-%d %H:%M}; set the clock by NTP"
            )
