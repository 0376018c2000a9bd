"""Signatures as Fabric's peers check them (fabric-lib-go bccsp/sw/ecdsa.go): ECDSA with low S, or Ed25519."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

ORDERS: Final = {
    "secp224r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF16A2E0B8F03E13DD29455C5C2A3D,
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
    "secp521r1": int(
        "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        16,
    ),
}
"""Orders of the curves that Fabric knows, by name."""

_PREHASHED: Final = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
_PREHASHED_SHA3: Final = ec.ECDSA(utils.Prehashed(hashes.SHA3_256()))
_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_LONG: Final = 0x80

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class Claim(NamedTuple):
    """A signature that is to be checked, prepared so that only the library is left to be asked."""

    verify: Callable[..., None]
    arguments: tuple[object, ...]

    def holds(self) -> bool:
        """Ask the library."""
        try:
            self.verify(*self.arguments)
        except InvalidSignature:
            return False
        return True


class Verifier:
    """Checks signatures of one public key.

    Args:
        key: ECDSA or Ed25519.
        sha3: hash with SHA3-256 in place of SHA-256 (``signature_hash_family`` SHA3 of the MSP).

    Attributes:
        key: as given.
    """

    def __init__(self, key: PublicKey, *, sha3: bool = False) -> None:
        self.key = key
        self._verify: Callable[..., None] = key.verify
        self._half_order = (
            ORDERS.get(key.curve.name, 0) >> 1 if isinstance(key, ec.EllipticCurvePublicKey) else None
        )
        self._algorithm = _PREHASHED_SHA3 if sha3 else _PREHASHED
        self._digest = hashlib.sha3_256 if sha3 else hashlib.sha256

    def claim(self, message: bytes, signature: bytes) -> Claim | None:
        """The claim that the key signed the message; None where its form alone is refused by peers."""
        if self._half_order is None:
            return Claim(self._verify, (signature, message))
        low = low_s(signature, self._half_order)
        if low is None:
            return None
        return Claim(self._verify, (low, self._digest(message).digest(), self._algorithm))

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the key signed the message, by the rules of a peer."""
        claim = self.claim(message, signature)
        return claim is not None and claim.holds()

    def is_exact(self, signature: bytes) -> bool:
        """Whether nothing stands after a good signature, which a peer would ignore."""
        return self._half_order is None or low_s(signature, self._half_order) == signature


def check(claims: list[Claim | None]) -> list[bool]:
    """Which claims hold. One after the other, so that the library's code and tables stay in the cache."""
    found = []
    for claim in claims:
        if claim is None:
            found.append(False)
            continue
        verify, arguments = claim
        try:
            verify(*arguments)
        except InvalidSignature:
            found.append(False)
        else:
            found.append(True)
    return found


def low_s(signature: bytes, half_order: int) -> bytes | None:
    """The signature in strict DER if a peer would take it: S in the lower half, bytes after it ignored."""
    try:
        length = signature[1]
        s_at = 4 + signature[3]
        end = s_at + 2 + signature[s_at + 1]
        if (
            signature[0] != _SEQUENCE
            or length >= _LONG
            or signature[2] != _INTEGER
            or signature[s_at] != _INTEGER
            or end > length + 2  # the two integers do not fill more than the sequence
            or length + 2 > len(signature)
        ):
            return _long_low_s(signature, half_order)
    except IndexError:
        return None
    s = int.from_bytes(signature[s_at + 2 : end], "big", signed=True)
    if not 0 < s <= half_order:
        return None
    if end == length + 2 == len(signature):
        return signature
    r = int.from_bytes(signature[4:s_at], "big", signed=True)
    return utils.encode_dss_signature(r, s) if r > 0 else None


def _long_low_s(signature: bytes, half_order: int) -> bytes | None:
    """The same for sequences above 127 bytes (P-521)."""
    if signature[:2] != b"\x30\x81" or len(signature) < signature[2] + 3:
        return None
    try:
        r, s = utils.decode_dss_signature(signature[: signature[2] + 3])
    except ValueError:
        return None
    return utils.encode_dss_signature(r, s) if r > 0 and 0 < s <= half_order else None
