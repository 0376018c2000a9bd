"""One entry of a file wallet: who it is, and where the private key lies. No secret stands in it openly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from carechannel.errors import CareChannelError, WalletError
from carechannel.wallet.credentials import Authorities, check_certificate
from carechannel.wallet.key_at_rest import Sealed

FORMAT: Final = "carechannel-wallet/1"


@dataclass(frozen=True, slots=True)
class HardwareKey:
    """Where a key lies that never leaves its token. The PIN is no part of it.

    Attributes:
        module: absolute path of the vendor's PKCS#11 library.
        token: label of the token, and/or
        slot: the id of its slot.
        label: of the key, and/or
        id: its id; with neither, the key whose id is Fabric's identifier of the certificate's key.
    """

    module: Path
    token: str | None = None
    slot: int | None = None
    label: str | None = None
    id: bytes | None = None

    def __post_init__(self) -> None:
        if not self.module.is_absolute():
            raise WalletError(f"The path of the PKCS#11 module, {self.module}, is not absolute.")
        if self.token is None and self.slot is None:
            raise WalletError("A key in a PKCS#11 token needs the token's label or slot.")


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A private key under the wallet's password (:mod:`carechannel.wallet.key_at_rest`)."""

    sealed: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """Who: a name in the wallet, an MSP ID, a certificate; and where the private key is."""

    name: str
    msp_id: str
    certificate_pem: bytes
    key: SealedKey | HardwareKey
    authorities: Authorities = field(default_factory=Authorities)

    @property
    def certificate(self) -> x509.Certificate:
        return check_certificate(self.msp_id, self.certificate_pem)

    @property
    def common_name(self) -> str:
        names = self.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(names[0].value) if names else ""

    @property
    def role(self) -> str:
        """The organisational unit by which an MSP with NodeOUs tells client, peer, admin and orderer."""
        units = self.certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
        return ", ".join(str(unit.value) for unit in units)

    @property
    def key_type(self) -> str:
        """P-256, P-384, Ed25519; or what the certificate says, if it is none of these."""
        key = self.certificate.public_key()
        if isinstance(key, ed25519.Ed25519PublicKey):
            return "Ed25519"
        if isinstance(key, ec.EllipticCurvePublicKey):
            return {"secp256r1": "P-256", "secp384r1": "P-384"}.get(key.curve.name, key.curve.name)
        return type(key).__name__

    @property
    def is_hardware(self) -> bool:
        return isinstance(self.key, HardwareKey)

    def remaining(self, now: datetime | None = None) -> timedelta:
        """How long the certificate is still valid; negative once it has expired."""
        return self.certificate.not_valid_after_utc - (now or datetime.now(UTC))

    @property
    def context(self) -> bytes:
        """What the private key is sealed with: after a change to any of it the key does not open."""
        return json.dumps(_public(self), sort_keys=True).encode()


def serialize(entry: Entry) -> bytes:
    """An entry as its file holds it."""
    if isinstance(entry.key, HardwareKey):
        place = entry.key
        key: dict[str, object] = {
            "pkcs11": {
                "module": str(place.module),
                "token": place.token,
                "slot": place.slot,
                "label": place.label,
                "id": None if place.id is None else place.id.hex(),
            }
        }
    else:
        key = {"sealed": dict(entry.key.sealed)}
    return json.dumps({**_public(entry), "key": key}, ensure_ascii=False, indent=1).encode()


def parse(content: bytes, name: str) -> Entry:
    """The entry in a file that has that name.

    Raises:
        WalletError: it is none, it is damaged, or it is another name's.
    """
    try:
        given = json.loads(content)
        if isinstance(given, dict) and "credentials" in given:
            problem = "is an identity of a Node wallet, with its key as it is; import it from another folder."
        else:
            made = _entry(given)
            _ = made.certificate
            if made.name == name:
                return made
            problem = "stands in a file of another name; was it renamed?"
    except (ValueError, RecursionError) as error:
        raise WalletError(f"The entry {name} is damaged, or made by another version.") from error
    except CareChannelError as error:
        raise WalletError(f"The entry {name} is damaged: {error}") from error
    raise WalletError(f"The entry {name} {problem}")


def _public(entry: Entry) -> dict[str, object]:
    """All but the key."""
    return {
        "format": FORMAT,
        "name": entry.name,
        "mspId": entry.msp_id,
        "certificate": entry.certificate_pem.decode(),
        "authorities": {
            "roots": list(entry.authorities.roots),
            "intermediates": list(entry.authorities.intermediates),
            "config": entry.authorities.config,
        },
    }


def _entry(given: object) -> Entry:
    match given:
        case {
            "format": "carechannel-wallet/1",
            "name": str(name),
            "mspId": str(msp_id),
            "certificate": str(certificate),
            "key": {**key},
            "authorities": {
                "roots": [*roots],
                "intermediates": [*intermediates],
                "config": str() | None as config,
            },
        } if all(isinstance(pem, str) for pem in (*roots, *intermediates)):
            authorities = Authorities(tuple(roots), tuple(intermediates), config)
            return Entry(name, msp_id, certificate.encode(), _key(key), authorities)
    raise ValueError("no entry of this format")


def _key(given: Mapping[object, object]) -> SealedKey | HardwareKey:
    match given:
        case {"sealed": {**sealed}}:
            return SealedKey({str(name): value for name, value in sealed.items()})
        case {
            "pkcs11": {
                "module": str(module),
                "token": str() | None as token,
                "slot": int() | None as slot,
                "label": str() | None as label,
                "id": str() | None as id,
            }
        }:
            return HardwareKey(Path(module), token, slot, label, None if id is None else bytes.fromhex(id))
    raise ValueError("neither a sealed key nor a place in a token")


def sealed(content: Sealed) -> SealedKey:
    """A sealed key as part of an entry."""
    return SealedKey(dict(content))
