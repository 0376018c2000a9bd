"""ECDSA on P-256 with SHA-256: the patient's key, and what it signed."""

import base64
import binascii

from care_rules.errors import KeyUnsupportedError, SignatureInvalidError
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key


def check_key(public_key: str) -> ec.EllipticCurvePublicKey:
    """The key of an SPKI DER in base64, in its one usual encoding, so that equal keys are equal texts.

    Raises:
        KeyUnsupportedError: not an ECDSA key on P-256 in that encoding.
    """
    try:
        der = base64.b64decode(public_key, validate=True)
        key = load_der_public_key(der)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        key, der = None, b""
    if (
        not isinstance(key, ec.EllipticCurvePublicKey)
        or not isinstance(key.curve, ec.SECP256R1)
        or key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != der
    ):
        raise KeyUnsupportedError("The public key must be ECDSA on P-256, as SPKI DER in base64.")
    return key


def check_signature(public_key: str, signature: str, message: bytes) -> None:
    """Verifies a DER signature in base64 over the SHA-256 of a message.

    Raises:
        SignatureInvalidError: it is not the key's signature over this message.
        KeyUnsupportedError: the key is not ECDSA on P-256.
    """
    key = check_key(public_key)
    try:
        key.verify(base64.b64decode(signature, validate=True), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise SignatureInvalidError(
            "The signature is not one of the bound key over exactly this content."
        ) from error
