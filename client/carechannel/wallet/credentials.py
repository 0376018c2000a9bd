"""A certificate with the private key that fits it, on the way from one form of keeping to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from fabric_gateway import Identity as GatewayIdentity
from fabric_gateway import IdentityError as GatewayIdentityError
from fabric_gateway.signers import PrivateKey, read_private_key

from carechannel.errors import IdentityError, WrongCertificateError
from carechannel.wallet.password import Password

_LONGEST_MSP_ID: Final = 255


@dataclass(frozen=True, slots=True)
class Authorities:
    """What an MSP folder holds beside certificate and key.

    Attributes:
        roots: certificates of ``cacerts``, PEM.
        intermediates: certificates of ``intermediatecerts``, PEM.
        config: text of ``config.yaml`` (NodeOUs), kept as it is.
    """

    roots: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    config: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """An X.509 identity with its private key. Certificate and key belong together, or it cannot be made.

    Raises:
        IdentityError: the MSP ID or the certificate is none.
        WrongCertificateError: the key is another certificate's.
    """

    msp_id: str
    certificate_pem: bytes
    private_key: PrivateKey = field(repr=False)
    authorities: Authorities = Authorities()

    def __post_init__(self) -> None:
        certificate = check_certificate(self.msp_id, self.certificate_pem)
        if certificate.public_key() != self.private_key.public_key():
            is_edwards = isinstance(self.private_key, ed25519.Ed25519PrivateKey)
            kind = "an Ed25519" if is_edwards else "an elliptic-curve"
            raise WrongCertificateError(
                f"Certificate and private key ({kind} key) of {self.msp_id} do not belong together; "
                "enrol again."
            )

    @classmethod
    def from_pem(
        cls, msp_id: str, certificate_pem: bytes, private_key_pem: bytes, key_password: Password | None = None
    ) -> Self:
        """A certificate and its private key, which may be encrypted, from PEM.

        Raises:
            IdentityError: certificate or key cannot be used, or the password does not open the key.
            WrongCertificateError: the key is another certificate's.
        """
        try:
            key = read_private_key(private_key_pem, None if key_password is None else key_password.bytes)
        except GatewayIdentityError as error:
            raise IdentityError(as_sentence(error)) from error
        return cls(msp_id, certificate_pem, key)

    @property
    def certificate(self) -> x509.Certificate:
        return check_certificate(self.msp_id, self.certificate_pem)


def check_certificate(msp_id: str, certificate_pem: bytes) -> x509.Certificate:
    """The one certificate in a PEM.

    Raises:
        IdentityError: the PEM holds none, or anything else; or the MSP ID is empty or not printable.
    """
    if not msp_id or not msp_id.isprintable() or len(msp_id) > _LONGEST_MSP_ID:
        raise IdentityError("An MSP ID is a printable name such as HospitalAMSP.")
    try:
        return GatewayIdentity(msp_id, certificate_pem).certificate
    except GatewayIdentityError as error:
        raise IdentityError(as_sentence(error)) from error


def as_sentence(error: GatewayIdentityError) -> str:
    """What the gateway's part says, as this package writes it."""
    return f"{error.message[0].upper()}{error.message[1:]}."
