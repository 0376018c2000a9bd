"""Who administers: an identity with its key in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from carechannel.sdk.errors import AdministrationError

_ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
}
"""Orders of the groups (SEC 2): of a signature's s and its negative, Fabric takes the smaller only."""

_PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Administrator:
    """A member of `msp_id` by its enrolment certificate and private key, both PEM, the key unencrypted.

    Keys are ECDSA P-256, P-384 or Ed25519. Raises `AdministrationError` when they cannot be read or do not
    belong together.
    """

    msp_id: str
    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)

    def __post_init__(self) -> None:
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate_pem)
        except ValueError as error:
            raise AdministrationError(
                f"The certificate of {self.msp_id}'s administrator is not PEM."
            ) from error
        if certificate.public_key() != self._key.public_key():
            raise AdministrationError(
                f"The private key is not that of the certificate of {self.msp_id}'s administrator."
            )

    @staticmethod
    def load(msp_id: str, folder: Path) -> Administrator:
        """From an MSP folder in Fabric's layout: the one file of `signcerts` and the one of `keystore`.

        Raises `AdministrationError` when either is missing or there are several.
        """
        return Administrator(msp_id, _only_file(folder / "signcerts"), _only_file(folder / "keystore"))

    def sign(self, message: bytes) -> bytes:
        """What nodes expect under `message`: ECDSA over SHA-256 in DER with low S, or Ed25519."""
        key = self._key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(message)
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, _ORDERS[key.curve.name] - s))

    @cached_property
    def _key(self) -> _PrivateKey:
        try:
            key = serialization.load_pem_private_key(self.private_key_pem, password=None)
        except (ValueError, TypeError) as error:
            raise AdministrationError(
                f"The private key of {self.msp_id}'s administrator is not an unencrypted key in PEM."
            ) from error
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _ORDERS:
            return key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key
        raise AdministrationError(
            f"The private key of {self.msp_id}'s administrator is of a kind that Fabric does not take; "
            "enrol with ECDSA P-256, P-384 or Ed25519."
        )


def _only_file(folder: Path) -> bytes:
    try:
        files = [file for file in folder.iterdir() if file.is_file()]
        if len(files) == 1:
            return files[0].read_bytes()
    except OSError as error:
        raise AdministrationError(f"{folder} cannot be read: {error.strerror}.") from error
    raise AdministrationError(f"{folder} holds {len(files)} files; the identity's one is expected.")
