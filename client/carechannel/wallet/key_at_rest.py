"""Private keys as they lie on a disk: under a password, with scrypt and AES-256-GCM.

Not the encrypted PKCS#8 of most libraries, for two reasons. What they write by default derives the key with
PBKDF2 in few rounds (2,048 in cryptography 50), which a thief of the file tries passwords against at leisure;
scrypt at this cost needs 128 MiB and some tenths of a second for each. And AES-CBC notices no change, while
here the key opens only beside what it was sealed with (name, MSP ID, certificates), which stay as they were.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fabric_gateway import IdentityError as GatewayIdentityError
from fabric_gateway.signers import PrivateKey, read_private_key

from carechannel.errors import WalletError, WalletPasswordError
from carechannel.wallet.password import Password

COST: Final = 2**17
"""N of scrypt (RFC 7914), with r = 8 and p = 1: OWASP's advice for passwords."""

_KDF: Final = "scrypt"
_CIPHER: Final = "AES-256-GCM"
_COSTS: Final = frozenset(2**exponent for exponent in range(14, 21))
_BLOCK: Final = 8
_PARALLEL: Final = 1
_KEY: Final = 32
_SALT: Final = 16
_NONCE: Final = 12

Sealed = dict[str, str | int]
"""A sealed key as it stands in JSON."""


def seal_key(key: PrivateKey, password: Password, context: bytes, *, cost: int = COST) -> Sealed:
    """Encrypt a private key, bound to a context without which it will not open."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    data = AESGCM(_derive(password, salt, cost)).encrypt(nonce, key_pem(key), context)
    return {
        "kdf": _KDF,
        "n": cost,
        "r": _BLOCK,
        "p": _PARALLEL,
        "salt": base64.b64encode(salt).decode(),
        "cipher": _CIPHER,
        "nonce": base64.b64encode(nonce).decode(),
        "data": base64.b64encode(data).decode(),
    }


def open_key(sealed: Mapping[str, object], password: Password, context: bytes) -> PrivateKey:
    """Decrypt a private key.

    Raises:
        WalletPasswordError: the password is another, or key or context were changed: which, nobody can tell.
        WalletError: it is not what `seal_key` makes.
    """
    match sealed:
        case {
            "kdf": "scrypt",
            "n": int(cost),
            "r": 8,
            "p": 1,
            "salt": str(salt),
            "cipher": "AES-256-GCM",
            "nonce": str(nonce),
            "data": str(data),
        } if cost in _COSTS:
            pass
        case _:
            raise WalletError("The sealed key is damaged, or made by another version.")
    try:
        nonce_bytes, content = base64.b64decode(nonce, validate=True), base64.b64decode(data, validate=True)
        derived = _derive(password, base64.b64decode(salt, validate=True), cost)
        if len(nonce_bytes) != _NONCE:
            raise WalletError("The sealed key is damaged, or made by another version.")
        return read_private_key(AESGCM(derived).decrypt(nonce_bytes, content, context))
    except (ValueError, binascii.Error, GatewayIdentityError) as error:
        raise WalletError("The sealed key is damaged, or made by another version.") from error
    except InvalidTag as error:
        raise WalletPasswordError(
            "The password is wrong, or the entry was changed after it was sealed."
        ) from error


def key_pem(key: PrivateKey) -> bytes:
    """A private key in PKCS #8 PEM, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _derive(password: Password, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=_KEY, n=cost, r=_BLOCK, p=_PARALLEL).derive(password.bytes)
