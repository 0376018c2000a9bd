"""What is signed of a message: its digest, or the message itself.

Peers of Fabric 3.1 verify by the key of the certificate and by the MSP's configuration (msp/identities.go):

* ECDSA over SHA-256; over SHA3-256 where the MSP's ``signature_hash_family`` is ``SHA3``,
* Ed25519 over the message itself (:func:`none`), on channels with the capability V3_0.

No peer verifies SHA-384 and SHA3-384; they are here for signers and services that ask for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

Hash = Callable[[bytes], bytes]
"""Turns a message into what is signed."""


def none(message: bytes) -> bytes:
    """The message itself: for Ed25519, and for signers that make the digest on their own."""
    return message


def sha256(message: bytes) -> bytes:
    """SHA-256 (FIPS 180-4), 32 bytes: what peers expect under an ECDSA signature."""
    return hashlib.sha256(message).digest()


def sha384(message: bytes) -> bytes:
    """SHA-384 (FIPS 180-4), 48 bytes."""
    return hashlib.sha384(message).digest()


def sha3_256(message: bytes) -> bytes:
    """SHA3-256 (FIPS 202), 32 bytes: for MSPs whose signature hash family is SHA3."""
    return hashlib.sha3_256(message).digest()


def sha3_384(message: bytes) -> bytes:
    """SHA3-384 (FIPS 202), 48 bytes."""
    return hashlib.sha3_384(message).digest()
