"""An institution's public entry and the rule that makes it active."""

import base64
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from care_rules.canonical import Json, canonical_json
from care_rules.fields import Fields
from care_rules.keys import Key

INSTITUTION: Final = "institution"
APPROVAL: Final = "approval"
ROLES: Final = ("provider", "laboratory", "pharmacy", "insurer", "sponsor", "research", "regulator")
HPKE_KEY_BYTES: Final = 32

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]+")
_JURISDICTION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Institution:
    """``hpke_public_key`` is a raw X25519 key in base64 (RFC 9180); ``registered_at`` RFC 3339 in UTC."""

    msp_id: str
    name: str
    role: str
    jurisdiction: str
    hpke_public_key: str
    active: bool
    registered_at: str

    @property
    def digest(self) -> str:
        """SHA-256 in hex of what others approve: everything but the key, which the institution
        changes alone.
        """
        content: dict[str, Json] = {
            "msp_id": self.msp_id,
            "name": self.name,
            "role": self.role,
            "jurisdiction": self.jurisdiction,
        }
        return hashlib.sha256(canonical_json(content)).hexdigest()

    def with_status(self, *, active: bool) -> "Institution":
        """The same entry, active or proposed."""
        return replace(self, active=active)

    def value(self) -> dict[str, Json]:
        """The JSON of the entry, as stored and as returned."""
        return {
            "msp_id": self.msp_id,
            "name": self.name,
            "role": self.role,
            "jurisdiction": self.jurisdiction,
            "hpke_public_key": self.hpke_public_key,
            "status": "active" if self.active else "proposed",
            "digest": self.digest,
            "registered_at": self.registered_at,
        }


def parse_institution(value: Json, msp_id: str, registered_at: str) -> Institution:
    """The proposed entry that an administrator gives for its own institution.

    Raises:
        InputInvalidError: a key is missing, malformed or unknown.
    """
    with Fields.of(value, "entry") as fields:
        return _read(fields, msp_id, registered_at, active=False)


def read_institution(value: Json) -> Institution:
    """An entry as it was stored."""
    with Fields.of(value, "institution") as fields:
        fields.take("digest")
        active = fields.choice("status", ("proposed", "active")) == "active"
        return _read(fields, fields.text("msp_id"), fields.text("registered_at"), active=active)


def enough(msp_id: str, approvers: Collection[str], registered: Collection[str]) -> bool:
    """Whether more than half of all registered institutions approve, itself included, and at least one other.

    Without that other one, whoever registers first would be active on its own word, as a regulator too.
    """
    members = {*registered, msp_id}
    approving = members & {*approvers, msp_id}
    return len(approving) > 1 and 2 * len(approving) > len(members)


def institution_key(msp_id: str) -> Key:
    """Where an institution's entry lies."""
    return INSTITUTION, (msp_id,)


def all_institutions() -> Key:
    """The prefix of all entries."""
    return INSTITUTION, ()


def approval_key(msp_id: str, approver: str) -> Key:
    """Where one institution's approval of another lies."""
    return APPROVAL, (msp_id, approver)


def approvals_of(msp_id: str) -> Key:
    """The prefix of all approvals of an institution."""
    return APPROVAL, (msp_id,)


def _read(fields: Fields, msp_id: str, registered_at: str, *, active: bool) -> Institution:
    return Institution(
        msp_id=msp_id,
        name=fields.text("name", limit=120, pattern=_NAME),
        role=fields.choice("role", ROLES),
        jurisdiction=fields.text("jurisdiction", pattern=_JURISDICTION),
        hpke_public_key=base64.b64encode(
            fields.base64("hpke_public_key", limit=HPKE_KEY_BYTES, size=HPKE_KEY_BYTES)
        ).decode(),
        active=active,
        registered_at=registered_at,
    )
