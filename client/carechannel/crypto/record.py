"""A record's content under its own key: AES-256-GCM and a salted commitment.

Sealed bytes are nonce (12) ‖ ciphertext ‖ tag (16) (NIST SP 800-38D); the associated data is the canonical
JSON of channel, record id and version, so that a blob cannot be passed off as another record. Every version
has a fresh key, so a random nonce never meets the same key twice.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final, Self

from care_rules.canonical import canonical_json
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from carechannel.errors import CommitmentError, SealError

KEY_SIZE: Final = 32
SALT_SIZE: Final = 32
NONCE_SIZE: Final = 12


@dataclass(frozen=True, slots=True)
class RecordContext:
    """Which version of which record on which channel."""

    channel: str
    record_id: str
    version: int

    def associated_data(self) -> bytes:
        """What the sealed content is bound to."""
        return canonical_json({"channel": self.channel, "record_id": self.record_id, "version": self.version})


@dataclass(frozen=True, slots=True)
class Secret:
    """The data key and the commitment's salt: what a permitted requester is given, and nothing else."""

    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key and salt from the operating system's generator."""
        return cls(secrets.token_bytes(KEY_SIZE), secrets.token_bytes(SALT_SIZE))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The inverse of `to_bytes`.

        Raises:
            SealError: not 64 bytes.
        """
        if len(data) != KEY_SIZE + SALT_SIZE:
            raise SealError(
                "The record key that was opened has the wrong length; ask the custodian to publish again."
            )
        return cls(data[:KEY_SIZE], data[KEY_SIZE:])

    def to_bytes(self) -> bytes:
        """Key ‖ salt, 64 bytes."""
        return self.key + self.salt

    def commitment(self, plaintext: bytes) -> str:
        """SHA-256(salt ‖ plaintext) in hex: fixes the plaintext without telling anything of it."""
        return hashlib.sha256(self.salt + plaintext).hexdigest()


@dataclass(frozen=True, slots=True)
class SealedContent:
    """Ciphertext, and what opens it."""

    blob: bytes = field(repr=False)
    secret: Secret = field(repr=False)
    commitment: str


def seal_content(plaintext: bytes, context: RecordContext) -> SealedContent:
    """Encrypts a record's bytes under a fresh key."""
    secret = Secret.generate()
    nonce = secrets.token_bytes(NONCE_SIZE)
    blob = nonce + AESGCM(secret.key).encrypt(nonce, plaintext, context.associated_data())
    return SealedContent(blob, secret, secret.commitment(plaintext))


def open_content(blob: bytes, secret: Secret, context: RecordContext, commitment: str) -> bytes:
    """The plaintext, checked against the commitment in the index.

    Raises:
        SealError: the key or the context is another one, or the bytes were changed.
        CommitmentError: it decrypts, but to something else than what was committed to.
    """
    try:
        plaintext = AESGCM(secret.key).decrypt(
            blob[:NONCE_SIZE], blob[NONCE_SIZE:], context.associated_data()
        )
    except (InvalidTag, ValueError) as error:
        raise SealError(
            "The record does not open with the key that came for it; tell the custodian."
        ) from error
    if not hmac.compare_digest(secret.commitment(plaintext), commitment):
        raise CommitmentError(
            "The record is not the one that its custodian committed to; tell the custodian."
        )
    return plaintext
