"""Signers with the private key in this process, from PEM."""

from __future__ import annotations

import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519 as edwards
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from fabric_gateway.errors import IdentityError
from fabric_gateway.signers._ecdsa_form import check_digest, is_supported, low_s
from fabric_gateway.signers._signer import KeyedSigner

_PREHASHED: Final = {
    32: ec.ECDSA(Prehashed(hashes.SHA256())),
    48: ec.ECDSA(Prehashed(hashes.SHA384())),
}
"""By the digest's length: ECDSA uses its bytes only, so SHA-3 of the same length goes the same way."""

_LONGEST: Final = 64 * 1024
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")


PrivateKey = ec.EllipticCurvePrivateKey | edwards.Ed25519PrivateKey


class EcdsaSigner(KeyedSigner):
    """Signs SHA-256, SHA-384, SHA3-256 or SHA3-384 digests with a P-256 or P-384 key, in DER with low S."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not is_supported(key.curve):
            raise IdentityError(
                f"the private key is on the curve {key.curve.name}; enrol with a key on P-256 or P-384"
            )
        self._key = key

    def __repr__(self) -> str:
        return f"<EcdsaSigner {self._key.curve.name}>"

    async def __call__(self, digest: bytes) -> bytes:
        """The signature of a digest.

        Raises:
            IdentityError: these bytes are no digest.
        """
        check_digest(digest)
        return low_s(self._key.sign(digest, _PREHASHED[len(digest)]), self._key.curve)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._key.public_key()


class Ed25519Signer(KeyedSigner):
    """Signs messages themselves (RFC 8032), so their hash is :func:`fabric_gateway.hash.none`."""

    def __init__(self, key: edwards.Ed25519PrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<Ed25519Signer>"

    async def __call__(self, digest: bytes) -> bytes:
        """The signature of a message."""
        return self._key.sign(digest)

    @property
    def public_key(self) -> edwards.Ed25519PublicKey:
        return self._key.public_key()


def ecdsa(key_pem: bytes, password: bytes | None = None) -> EcdsaSigner:
    """Signer for a P-256 or P-384 private key in PEM (PKCS#8 or SEC 1).

    Args:
        key_pem: the file from an MSP folder's keystore.
        password: of an encrypted key, else None.

    Raises:
        IdentityError: the PEM holds no such key, or the password does not open it.
    """
    key = _read(key_pem, password)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise IdentityError("the private key is not an elliptic-curve key; enrol with an ECDSA P-256 key")
    return EcdsaSigner(key)


def ed25519(key_pem: bytes, password: bytes | None = None) -> Ed25519Signer:
    """Signer for an Ed25519 private key in PEM (PKCS#8).

    Args:
        key_pem: the file from an MSP folder's keystore.
        password: of an encrypted key, else None.

    Raises:
        IdentityError: the PEM holds no such key, or the password does not open it.
    """
    key = _read(key_pem, password)
    if not isinstance(key, edwards.Ed25519PrivateKey):
        raise IdentityError("the private key is not an Ed25519 key; signers.private_key takes either kind")
    return Ed25519Signer(key)


def private_key(key_pem: bytes, password: bytes | None = None) -> EcdsaSigner | Ed25519Signer:
    """Signer for a private key in PEM, by its type: ECDSA P-256 or P-384, or Ed25519.

    Args:
        key_pem: the file from an MSP folder's keystore.
        password: of an encrypted key, else None.

    Raises:
        IdentityError: the PEM holds no such key, or the password does not open it.
    """
    return signer_of(read_private_key(key_pem, password))


def signer_of(key: PrivateKey) -> EcdsaSigner | Ed25519Signer:
    """Signer for a private key that a program holds already.

    Raises:
        IdentityError: the key is on another curve than P-256 or P-384.
    """
    return Ed25519Signer(key) if isinstance(key, edwards.Ed25519PrivateKey) else EcdsaSigner(key)


def read_private_key(key_pem: bytes, password: bytes | None = None) -> PrivateKey:
    """The private key in a PEM, as :func:`private_key` takes it.

    Raises:
        IdentityError: the PEM holds no ECDSA or Ed25519 key, or the password does not open it.
    """
    key = _read(key_pem, password)
    if isinstance(key, ec.EllipticCurvePrivateKey | edwards.Ed25519PrivateKey):
        return key
    raise IdentityError(
        "the private key is neither an elliptic-curve (ECDSA) nor an Ed25519 key, and peers take no other; "
        "enrol with an ECDSA P-256 key"
    )


def _read(key_pem: bytes, password: bytes | None) -> object:
    if len(key_pem) > _LONGEST:
        raise IdentityError(f"the private key is not PEM of one key: it has {len(key_pem)} bytes")
    if (found := len(_PRIVATE_KEY.findall(key_pem))) > 1:
        raise IdentityError(f"the PEM holds {found} private keys; give the one that fits the certificate")
    try:
        return serialization.load_pem_private_key(key_pem, password=password)
    except TypeError as error:
        told = "is encrypted; give its password" if password is None else "is not encrypted; give no password"
        raise IdentityError(f"the private key {told}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        told = (
            "the private key is not readable PEM; give the file from keystore"
            if password is None
            else "the private key is not readable PEM, or the password is wrong"
        )
        raise IdentityError(told) from error
