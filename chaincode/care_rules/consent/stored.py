"""A consent as it lies in the custodian's collection: a grant, and perhaps its revocation."""

from dataclasses import dataclass, replace
from typing import Final

from care_rules.canonical import Json
from care_rules.consent.keys import GRANTED, REVOKED
from care_rules.consent.model import Consent
from care_rules.consent.parse import parse_consent
from care_rules.errors import ConsentInvalidError
from care_rules.fields import Fields
from care_rules.instants import MINUTE

CLOCK_TOLERANCE: Final = 5 * MINUTE
"""How far a consent's dateTime may lie after the transaction's time (microseconds)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A consent with the patient's signature over it, as given."""

    consent: Consent
    fhir: Json
    signature: str


def check_grant(consent: Consent, handle: str, at: int) -> None:
    """Refuses a consent of another patient, or one that is dated after the transaction.

    Raises:
        ConsentInvalidError: either of the two.
    """
    if consent.handle != handle:
        raise ConsentInvalidError("Consent.patient.identifier.value is not the handle that is given.")
    if consent.dated > at + CLOCK_TOLERANCE:
        raise ConsentInvalidError("Consent.dateTime lies after the transaction; check the clock.")


def grant_value(grant: Grant, at: str, transaction_id: str) -> dict[str, Json]:
    """The value of a grant, without its salt."""
    return {
        "consent_id": grant.consent.consent_id,
        "version": GRANTED,
        "status": "active",
        "handle": grant.consent.handle,
        "consent": grant.fhir,
        "signature": grant.signature,
        "at": at,
        "transaction_id": transaction_id,
    }


def revocation_value(
    handle: str, consent_id: str, signature: str, at: str, transaction_id: str
) -> dict[str, Json]:
    """The value of a revocation, without its salt."""
    return {
        "consent_id": consent_id,
        "version": REVOKED,
        "status": "inactive",
        "handle": handle,
        "signature": signature,
        "at": at,
        "transaction_id": transaction_id,
    }


@dataclass(frozen=True, slots=True)
class StoredConsent:
    """A grant with when and by which transactions it came and went; ``revoked_at`` is None while it
    is active.
    """

    grant: Grant
    granted_at: str
    transaction_id: str
    revoked_at: str | None = None

    @property
    def active(self) -> bool:
        """Whether it has not been revoked."""
        return self.revoked_at is None

    def revoked(self, at: str) -> "StoredConsent":
        """The same consent, revoked at a time (RFC 3339)."""
        return replace(self, revoked_at=at)

    def value(self) -> dict[str, Json]:
        """The JSON for readers."""
        return {
            "consent_id": self.grant.consent.consent_id,
            "version": GRANTED if self.active else REVOKED,
            "status": "active" if self.active else "inactive",
            "consent": self.grant.fhir,
            "signature": self.grant.signature,
            "granted_at": self.granted_at,
            "transaction_id": self.transaction_id,
            "revoked_at": self.revoked_at,
        }


def read_grant(value: Json) -> StoredConsent:
    """A grant as it was stored."""
    with Fields.of(value, "stored") as fields:
        for key in ("consent_id", "version", "status", "handle", "salt"):
            fields.take(key)
        fhir = fields.take("consent")
        grant = Grant(parse_consent(fhir), fhir, fields.text("signature"))
        return StoredConsent(grant, fields.text("at"), fields.text("transaction_id"))


def read_revocation(value: Json) -> tuple[str, str]:
    """The consent id and the time (RFC 3339) of a revocation as it was stored."""
    with Fields.of(value, "stored") as fields:
        for key in ("version", "status", "handle", "signature", "transaction_id", "salt"):
            fields.take(key)
        return fields.text("consent_id"), fields.text("at")
