"""Who acts: a certificate and its private key from an MSP folder in Fabric's standard layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.errors import ExpiredCertificateError, IdentityError
from carechannel.wallet import msp_folder
from carechannel.wallet.credentials import Credentials


@dataclass(frozen=True)
class Identity:
    """An X.509 identity of one organisation."""

    msp_id: str
    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def load(cls, folder: Path, msp_id: str) -> Self:
        """Reads an identity from an MSP folder, or from the folder that holds one as ``msp``.

        Raises:
            IdentityError: no usable certificate or key in it.
            WrongCertificateError: certificate and key, or certificate and CA, do not belong together.
            ExpiredCertificateError: the certificate is not valid now.
        """
        return cls.of(msp_folder.read(folder, msp_id), str(folder))

    @classmethod
    def of(cls, credentials: Credentials, place: str) -> Self:
        """The identity that somebody's credentials make, if it is one that can act now.

        Args:
            credentials: from an MSP folder, or from a :class:`carechannel.wallet.FileWallet`.
            place: where they come from, for errors.

        Raises:
            IdentityError: the key is not ECDSA, which signing consents needs.
            ExpiredCertificateError: the certificate is not valid now.
        """
        key = credentials.private_key
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise IdentityError(
                f"The key in {place} is not an elliptic-curve key (ECDSA), which is needed here."
            )
        _check_validity(credentials.certificate, place)
        return cls(credentials.msp_id, credentials.certificate, key)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def private_key_pem(self) -> bytes:
        """The private key in PKCS #8 PEM, unencrypted."""
        return self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def staff_id(self) -> str:
        """The common name: random for people, so that it tells nothing but who is the same."""
        names = self.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(names[0].value) if names else ""


def _check_validity(certificate: x509.Certificate, place: str) -> None:
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        ended = certificate.not_valid_after_utc.strftime("%Y-%m-%d %H:%M UTC")
        raise ExpiredCertificateError(f"The certificate in {place} expired at {ended}; enrol again.")
    if now < certificate.not_valid_before_utc:
        starts = certificate.not_valid_before_utc.strftime("%Y-%m-%d %H:%M UTC")
        raise ExpiredCertificateError(
            f"The certificate in {place} is valid only from {starts}; check the clock."
        )
