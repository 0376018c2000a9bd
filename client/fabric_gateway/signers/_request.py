"""Certificate requests (PKCS #10, RFC 2986) for keys that only sign; libraries want the key itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from fabric_gateway import hash as hashing
from fabric_gateway.errors import IdentityError
from fabric_gateway.hash import Hash
from fabric_gateway.signers._signer import PublicKey

_SEQUENCE: Final = 0x30
_BIT_STRING: Final = 0x03
_VERSION: Final = bytes.fromhex("020100")
_NO_ATTRIBUTES: Final = bytes.fromhex("a000")
_LONG_FORM: Final = 0x80

# AlgorithmIdentifier and hash: RFC 5758 (ecdsa-with-SHA256, ecdsa-with-SHA384), RFC 8410 (Ed25519).
_ALGORITHMS: Final[dict[str, tuple[bytes, Hash]]] = {
    "secp256r1": (bytes.fromhex("300a06082a8648ce3d040302"), hashing.sha256),
    "secp384r1": (bytes.fromhex("300a06082a8648ce3d040303"), hashing.sha384),
    "ed25519": (bytes.fromhex("300506032b6570"), hashing.none),
}


def signing_request(common_name: str, key: PublicKey, sign: Callable[[bytes], bytes]) -> bytes:
    """A request in PEM for a certificate with that common name.

    Args:
        common_name: 1 to 64 characters; a Fabric CA wants the enrolment id.
        key: the public key.
        sign: signs a digest, or the message for Ed25519.

    Raises:
        IdentityError: the name is none.
    """
    kind = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else "ed25519"
    algorithm, hashed = _ALGORITHMS[kind]
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    except ValueError as error:
        raise IdentityError("a common name has 1 to 64 characters") from error
    info = _tagged(
        _SEQUENCE,
        _VERSION
        + subject.public_bytes()
        + key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        + _NO_ATTRIBUTES,
    )
    whole = _tagged(_SEQUENCE, info + algorithm + _tagged(_BIT_STRING, b"\0" + sign(hashed(info))))
    lines = base64.encodebytes(whole).decode().replace("\n", "")
    body = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n".encode()


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _LONG_FORM:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG_FORM | len(length)]) + length + content
