"""Patients' signatures: ECDSA P-256 over SHA-256, DER, base64 (what to sign is built by
`care_rules.signing`)."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_ALGORITHM: Final = ec.ECDSA(hashes.SHA256())


def sign(private_key: ec.EllipticCurvePrivateKey, data: bytes) -> str:
    """The signature over `data`, in base64."""
    return base64.b64encode(private_key.sign(data, _ALGORITHM)).decode()


def verify(public_key: ec.EllipticCurvePublicKey, signature: str, data: bytes) -> bool:
    """Whether `signature` (base64) is the key's over `data`."""
    try:
        public_key.verify(base64.b64decode(signature, validate=True), data, _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return True
