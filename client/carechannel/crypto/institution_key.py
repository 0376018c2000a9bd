"""An institution's HPKE key (RFC 9180): record keys are sealed to it, once for custody and once per answer.

Suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; base mode. The info binds a sealed key to its
purpose, so that one sealed for an answer cannot be replayed as one for custody or for another request.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final, Self

from care_rules.canonical import canonical_json
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from carechannel.crypto.record import RecordContext, Secret
from carechannel.errors import InstitutionKeyError, SealError
from carechannel.files import write_atomically

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_LABEL: Final = b"carechannel/record-key/v1"
_FILE: Final = "hpke.key"


def seal_for_custody(secret: Secret, public_key: str, context: RecordContext, custodian: str) -> str:
    """Seals a record key to its custodian; `public_key` and the result are base64.

    Raises:
        InstitutionKeyError: `public_key` is no X25519 key.
    """
    return _seal(secret, public_key, _custody_info(context, custodian))


def seal_for_answer(secret: Secret, public_key: str, context: RecordContext, request_id: str) -> str:
    """Seals a record key to the institution that made the request; `public_key` and the result are base64.

    Raises:
        InstitutionKeyError: `public_key` is no X25519 key.
    """
    return _seal(secret, public_key, _answer_info(context, request_id))


class InstitutionKey:
    """The private key, which lies in the institution's home and stays there."""

    def __init__(self, private_key: X25519PrivateKey):
        self._private_key = private_key

    @classmethod
    def load(cls, home: Path) -> Self:
        """Reads the key from the institution's home folder.

        Raises:
            InstitutionKeyError: there is none, or it is unusable.
        """
        try:
            data = (home / _FILE).read_bytes()
            return cls(X25519PrivateKey.from_private_bytes(data))
        except FileNotFoundError as error:
            raise InstitutionKeyError(
                f"The institution has no key in {home}; run `carechannel institution join`."
            ) from error
        except (OSError, ValueError) as error:
            raise InstitutionKeyError(f"The institution's key {home / _FILE} cannot be used.") from error

    @classmethod
    def load_or_create(cls, home: Path) -> Self:
        """Reads the key, or makes one (mode 0600) where there is none yet.

        Raises:
            InstitutionKeyError: there is one and it is unusable.
        """
        if not (home / _FILE).exists():
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = X25519PrivateKey.generate().private_bytes_raw()
            try:
                write_atomically(home / _FILE, fresh, mode=0o600, replace=False)
            except FileExistsError:
                return cls.load(home)
        return cls.load(home)

    @property
    def public_key(self) -> str:
        """The raw public key in base64, as the institution's entry on the ledger carries it."""
        return base64.b64encode(self._private_key.public_key().public_bytes_raw()).decode()

    def open_custody(self, sealed_key: str, context: RecordContext, custodian: str) -> Secret:
        """Opens a record key that was sealed to this institution as custodian.

        Raises:
            SealError: sealed to another institution, for another record, or changed.
        """
        return self._open(sealed_key, _custody_info(context, custodian))

    def open_answer(self, sealed_key: str, context: RecordContext, request_id: str) -> Secret:
        """Opens a record key that came with the answer to a request.

        Raises:
            SealError: sealed to another institution, for another request or record, or changed.
        """
        return self._open(sealed_key, _answer_info(context, request_id))

    def _open(self, sealed_key: str, info: bytes) -> Secret:
        try:
            data = _SUITE.decrypt(base64.b64decode(sealed_key, validate=True), self._private_key, info)
        except (InvalidTag, ValueError) as error:
            raise SealError("The record key is not sealed to this institution for this record.") from error
        return Secret.from_bytes(data)


def _seal(secret: Secret, public_key: str, info: bytes) -> str:
    try:
        recipient = X25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        # A point of low order is found out only here.
        sealed = _SUITE.encrypt(secret.to_bytes(), recipient, info)
    except ValueError as error:
        raise InstitutionKeyError(
            "The institution's public key on the ledger is no X25519 key; let it register again."
        ) from error
    return base64.b64encode(sealed).decode()


def _custody_info(context: RecordContext, custodian: str) -> bytes:
    return _LABEL + canonical_json(
        {
            "channel": context.channel,
            "custodian": custodian,
            "record_id": context.record_id,
            "version": context.version,
        }
    )


def _answer_info(context: RecordContext, request_id: str) -> bytes:
    return _LABEL + canonical_json(
        {
            "channel": context.channel,
            "record_id": context.record_id,
            "request_id": request_id,
            "version": context.version,
        }
    )
