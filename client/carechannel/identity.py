"""Who acts: a certificate and its private key from an MSP folder in Fabric's standard layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.errors import ExpiredCertificateError, IdentityError, WrongCertificateError


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
        msp = folder / "msp" if (folder / "msp").is_dir() else folder
        certificate = _certificate(_only_file(msp / "signcerts"))
        private_key = _private_key(_only_file(msp / "keystore"))
        if certificate.public_key() != private_key.public_key():
            raise WrongCertificateError(
                f"Certificate and private key in {msp} do not belong together; enrol again."
            )
        _check_issuer(certificate, msp)
        _check_validity(certificate, msp)
        return cls(msp_id, certificate, private_key)

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


def _only_file(folder: Path) -> Path:
    if not folder.is_dir():
        raise IdentityError(
            f"There is no folder {folder}; name a user's folder with --identity or CARECHANNEL_IDENTITY."
        )
    found = sorted(path for path in folder.glob("*") if path.is_file())
    if len(found) != 1:
        raise IdentityError(f"{folder} must hold one file and holds {len(found)}; enrol again.")
    return found[0]


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise IdentityError(f"{path} is not a certificate in PEM.") from error


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityError(f"{path} is not an unencrypted private key in PEM.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise IdentityError(f"{path} is not an elliptic-curve key, which Fabric identities have.")
    return key


def _check_issuer(certificate: x509.Certificate, msp: Path) -> None:
    folders = (msp / "cacerts", msp / "intermediatecerts")
    issuers = [
        _certificate(path) for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())
    ]
    if issuers and not any(_issued_by(certificate, issuer) for issuer in issuers):
        raise WrongCertificateError(
            f"The certificate in {msp} is not issued by the CA that the folder names."
        )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _check_validity(certificate: x509.Certificate, msp: Path) -> None:
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        ended = certificate.not_valid_after_utc.strftime("%Y-%m-%d %H:%M UTC")
        raise ExpiredCertificateError(f"The certificate in {msp} expired at {ended}; enrol again.")
    if now < certificate.not_valid_before_utc:
        starts = certificate.not_valid_before_utc.strftime("%Y-%m-%d %H:%M UTC")
        raise ExpiredCertificateError(
            f"The certificate in {msp} is valid only from {starts}; check the clock."
        )
