"""Finding a token, and the key on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fabric_gateway.errors import HardwareKeyError
from fabric_gateway.signers._pkcs11_module import reason
from fabric_gateway.signers._signer import PublicKey

if TYPE_CHECKING:
    import pkcs11._pkcs11
    from pkcs11.types import Object, Session, SignMixin, Token

# CKA_EC_PARAMS as tokens give it (RFC 8410, PKCS#11 3.0): the DER of the curve's object identifier or name.
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
_P384: Final = bytes.fromhex("06052b81040022")
_ED25519: Final = frozenset(
    {bytes.fromhex("06032b6570"), bytes.fromhex("06092b06010401da470f01"), b"\x13\x0cedwards25519"}
)
_ECDSA_CURVES: Final[dict[bytes, ec.EllipticCurve]] = {_P256: ec.SECP256R1(), _P384: ec.SECP384R1()}
_OCTET_STRING: Final = 0x04
_SHORT_FORM: Final = 0x80
"""Lengths from here on are written otherwise in DER; no point on these curves has one."""


def fabric_ski(key: PublicKey) -> bytes:
    """The subject key identifier that Fabric gives a key, and a token's key as its id (CKA_ID).

    SHA-256 of the uncompressed point (bccsp/pkcs11), of the 32 key bytes for Ed25519. It is not the subject
    key identifier extension of the certificate.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return hashlib.sha256(key.public_bytes_raw()).digest()
    return hashlib.sha256(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).digest()


def find_token(module: pkcs11._pkcs11.lib, path: str, label: str | None, slot: int | None) -> Token:
    """The one token with that label, or in that slot.

    Raises:
        HardwareKeyError: there is none, or more than one.
    """
    from pkcs11.exceptions import PKCS11Error, TokenNotPresent, TokenNotRecognised  # noqa: PLC0415  an extra

    found: list[Token] = []
    seen: list[str] = []
    try:
        for each in module.get_slots(token_present=True):
            try:
                token = each.get_token()
            except (TokenNotPresent, TokenNotRecognised):
                continue
            seen.append(f"{token.label or 'without label'} (slot {each.slot_id})")
            if (label is None or token.label == label) and (slot is None or each.slot_id == slot):
                found.append(token)
    except PKCS11Error as error:
        raise HardwareKeyError(f"the module {path} does not list its tokens ({reason(error)})") from error
    wanted = " and ".join(
        part
        for part in (
            f"with the label {label}" if label is not None else "",
            f"in slot {slot}" if slot is not None else "",
        )
        if part
    )
    if not found:
        raise HardwareKeyError(
            f"there is no token {wanted} in {path}; there are: {', '.join(seen) or 'none'}"
        )
    if len(found) > 1:
        raise HardwareKeyError(
            f"{len(found)} tokens {wanted} are in {path}; give the slot: {', '.join(seen)}"
        )
    return found[0]


def find_private_key(session: Session, label: str | None, id: bytes | None) -> SignMixin:
    """The one private key with that label and id.

    Raises:
        HardwareKeyError: there is none, or more than one.
    """
    from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415  an extra
    from pkcs11.types import SignMixin  # noqa: PLC0415

    found = _objects(session, ObjectClass.PRIVATE_KEY, label, id)
    wanted = " and ".join(
        part
        for part in (
            f"with the label {label}" if label is not None else "",
            f"with the id {id.hex()}" if id is not None else "",
        )
        if part
    )
    if not found:
        raise HardwareKeyError(f"there is no private key {wanted} on the token {session.token.label}")
    if len(found) > 1:
        ids = ", ".join(bytes(key[Attribute.ID]).hex() or "none" for key in found)
        raise HardwareKeyError(
            f"{len(found)} private keys {wanted} are on the token {session.token.label}; "
            f"give the id (there are: {ids})"
        )
    key = found[0]
    if not isinstance(key, SignMixin):
        raise HardwareKeyError(f"what is {wanted} on the token {session.token.label} cannot sign")
    return key


def curve_of(key: SignMixin) -> ec.EllipticCurve | None:
    """The curve of an ECDSA key; None for an Ed25519 key.

    Raises:
        HardwareKeyError: it is a key of another kind.
    """
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415  an extra

    if key.key_type in {KeyType.EC, KeyType.EC_EDWARDS}:
        parameters = bytes(key[Attribute.EC_PARAMS])
        if parameters in _ECDSA_CURVES:
            return _ECDSA_CURVES[parameters]
        if parameters in _ED25519:
            return None
    raise HardwareKeyError(
        f"the key {key[Attribute.LABEL]} on the token is neither ECDSA on P-256 or P-384 "
        "nor Ed25519; make one of these"
    )


def public_key_of(session: Session, key: SignMixin, curve: ec.EllipticCurve | None) -> PublicKey | None:
    """The public key beside a private one, None if the token does not hold it."""
    from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415  an extra
    from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415

    # Without an id the label is all that ties the two together.
    id = bytes(key[Attribute.ID]) or None
    found = _objects(session, ObjectClass.PUBLIC_KEY, None if id else str(key[Attribute.LABEL]), id)
    if len(found) != 1:
        return None
    try:
        point = _unwrapped(bytes(found[0][Attribute.EC_POINT]))
        if curve is None:
            return ed25519.Ed25519PublicKey.from_public_bytes(point)
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except (PKCS11Error, ValueError):
        return None


def _objects(session: Session, kind: object, label: str | None, id: bytes | None) -> Sequence[Object]:
    from pkcs11 import Attribute  # noqa: PLC0415  an extra

    wanted: dict[Attribute, object] = {Attribute.CLASS: kind}
    if label is not None:
        wanted[Attribute.LABEL] = label
    if id is not None:
        wanted[Attribute.ID] = id
    return list(session.get_objects(wanted))


def _unwrapped(point: bytes) -> bytes:
    """CKA_EC_POINT is the point in a DER octet string; some tokens give it bare."""
    header, content = point[:2], point[2:]
    return content if header == bytes([_OCTET_STRING, min(len(content), _SHORT_FORM)]) else point
