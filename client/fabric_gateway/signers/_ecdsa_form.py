"""The one form of ECDSA signatures that Fabric takes: DER with the smaller of s and its negative."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from fabric_gateway.errors import IdentityError

# Orders of the groups (SEC 2, secp256r1 and secp384r1).
_ORDERS: Final = {
    ec.SECP256R1.name: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ec.SECP384R1.name: int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
}
_CURVES: Final[dict[int, ec.EllipticCurve]] = {64: ec.SECP256R1(), 96: ec.SECP384R1()}

DIGEST_SIZES: Final = frozenset({32, 48})
"""Of SHA-256 and SHA3-256, SHA-384 and SHA3-384."""


def is_supported(curve: ec.EllipticCurve) -> bool:
    """Whether signatures on that curve can be made here: P-256 and P-384."""
    return curve.name in _ORDERS


def low_s(signature: bytes, curve: ec.EllipticCurve | None = None) -> bytes:
    """Make a DER signature canonical: of s and its negative, Fabric takes the smaller only.

    Args:
        signature: in DER, as most libraries and services give it.
        curve: of the key; P-256 unless given.

    Raises:
        IdentityError: it is no ECDSA signature in DER, or the curve is neither P-256 nor P-384.
    """
    name = (curve or ec.SECP256R1()).name
    if name not in _ORDERS:
        raise IdentityError(f"signatures on the curve {name} are not supported; use P-256 or P-384")
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as error:
        raise IdentityError(
            "the signer gave no ECDSA signature in DER; raw_to_der turns r and s into it"
        ) from error
    order = _ORDERS[name]
    if not (0 < r < order and 0 < s < order):
        raise IdentityError(f"the signer gave a signature outside the group of {name}")
    return encode_dss_signature(r, min(s, order - s))


def raw_to_der(signature: bytes) -> bytes:
    """Canonical DER from r and s side by side, as WebCrypto, PKCS#11 and JSON Web Signatures give them.

    Args:
        signature: 64 bytes for a P-256 key, 96 for a P-384 key.

    Raises:
        IdentityError: it has another length, or is no signature.
    """
    curve = _CURVES.get(len(signature))
    if curve is None:
        raise IdentityError(
            f"r and s of a signature are 64 bytes (P-256) or 96 (P-384); these are {len(signature)}"
        )
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    return low_s(encode_dss_signature(r, s), curve)


def check_digest(digest: bytes) -> None:
    """Refuse what no hash of :mod:`fabric_gateway.hash` gives: a whole message, or a part of a digest.

    Raises:
        IdentityError: the length is another.
    """
    if len(digest) not in DIGEST_SIZES:
        raise IdentityError(
            f"an ECDSA key signs a digest of 32 or 48 bytes and was given {len(digest)} bytes; "
            "connect with hash.sha256, which peers verify"
        )
