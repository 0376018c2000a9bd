"""Signatures as Fabric's peers accept them."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from fabric_gateway.errors import IdentityError

Signer = Callable[[bytes], Awaitable[bytes]]
"""Signs a digest. A coroutine, so that a hardware module, a browser or a phone can be asked."""

Hash = Callable[[bytes], bytes]
"""Turns a message into the digest that is signed."""

# Order of the group of P-256 (SEC 2, secp256r1).
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def sha256(message: bytes) -> bytes:
    """The digest that Fabric's peers expect under an ECDSA signature."""
    return hashlib.sha256(message).digest()


def low_s(signature: bytes) -> bytes:
    """Make a DER signature over P-256 canonical: of s and its negative, Fabric takes the smaller only."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, _P256_ORDER - s))


class EcdsaSigner:
    """Signs SHA-256 digests with a P-256 key, in DER with low S."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    async def __call__(self, digest: bytes) -> bytes:
        return low_s(self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._key.public_key()


def ecdsa(key_pem: bytes) -> EcdsaSigner:
    """Signer for a P-256 private key in PEM (PKCS#8 or SEC 1), not encrypted.

    Raises:
        IdentityError: the PEM holds no such key.
    """
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError) as error:
        raise IdentityError("the private key is not readable PEM; give the file from keystore") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IdentityError("the private key is not on curve P-256; enrol with an ECDSA P-256 key")
    return EcdsaSigner(key)
