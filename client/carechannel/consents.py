"""Consents: FHIR R4 Consent resources, signed with the patient's own key and delivered to each custodian."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from care_rules import signing
from care_rules.canonical import Json
from care_rules.purposes import SYSTEM as PURPOSES
from care_rules.resource_types import SYSTEM as RESOURCE_TYPES

from carechannel.crypto import sign
from carechannel.errors import RefusedError
from carechannel.ledger import Committed, Ledger
from carechannel.replies import ConsentEntry, parse
from carechannel.replies import Consents as ConsentList

_SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


def draft(
    handle: str,
    *,
    kind: Literal["permit", "deny"] = "permit",
    institutions: Sequence[str] = (),
    staff: Sequence[str] = (),
    purposes: Sequence[str] = (),
    types: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
) -> dict[str, Json]:
    """A FHIR R4 Consent for a patient to sign, with a random id, dated now.

    Args:
        handle: the patient's.
        kind: whether it permits or denies.
        institutions: MSP IDs that it is about; with no `staff` either, everybody.
        staff: single persons, as ``<MSP ID>/<staff id>``.
        purposes: v3-PurposeOfUse codes; none means any.
        types: FHIR resource types; none means any.
        start: from when it applies (aware); None means at once.
        end: until when it applies (aware); None means until it is revoked.
    """
    provision: dict[str, Json] = {"type": kind}
    period: dict[str, Json] = {
        key: _instant(moment) for key, moment in (("start", start), ("end", end)) if moment is not None
    }
    actors = [_actor("urn:carechannel:msp", msp) for msp in institutions]
    actors += [_actor("urn:carechannel:staff", person) for person in staff]
    parts: dict[str, Json] = {
        "period": period,
        "actor": actors,
        "purpose": [{"system": PURPOSES, "code": code} for code in purposes],
        "class": [{"system": RESOURCE_TYPES, "code": code} for code in types],
    }
    provision.update({key: part for key, part in parts.items() if part})
    return {
        "resourceType": "Consent",
        "id": secrets.token_hex(16),
        "status": "active",
        "scope": _concept(_SCOPE, "patient-privacy"),
        "category": [_concept("http://loinc.org", "59284-0")],
        "patient": {"identifier": {"system": "urn:carechannel:handle", "value": handle}},
        "dateTime": _instant(datetime.now(UTC)),
        "policyRule": _concept(_ACT_CODE, "OPTIN"),
        "provision": provision,
    }


class Consents:
    """A patient's consents; the caller is the patient, whose key signs."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger

    async def grant(self, handle: str, consent: Mapping[str, Json], *, custodian: str) -> Committed:
        """Signs a consent and gives it to a custodian; giving the same one again changes nothing.

        Raises:
            RefusedError: an element is not supported or malformed (it is named), or the caller is not the
                patient.
        """
        message = signing.consent_grant(self._ledger.channel, custodian, consent)
        content: dict[str, Json] = {
            "handle": handle,
            "consent": consent,
            "signature": sign(self._ledger.identity.private_key, message),
        }
        return await self._ledger.submit("consent:grant", custodian, custodian=custodian, content=content)

    async def revoke(self, handle: str, consent_id: str, *, custodian: str) -> Committed:
        """Revokes a consent at a custodian.

        Raises:
            RefusedError: there is none of that id (``consent-unknown``), or it is revoked already.
        """
        known = {entry.consent_id: entry for entry in await self.list(handle, custodian=custodian)}
        if (entry := known.get(consent_id)) is None:
            raise RefusedError(
                "The custodian has no consent of that id from this patient.", code="consent-unknown"
            )
        if entry.finding is None:
            raise RefusedError("The consent is revoked already.", code="consent-inactive")
        message = signing.consent_revoke(self._ledger.channel, custodian, consent_id)
        content = {
            "handle": handle,
            "consent_id": consent_id,
            "signature": sign(self._ledger.identity.private_key, message),
            "finding": entry.finding,
        }
        return await self._ledger.submit("consent:revoke", custodian, custodian=custodian, content=content)

    async def list(self, handle: str, *, custodian: str) -> tuple[ConsentEntry, ...]:
        """The patient's consents at a custodian, newest versions.

        Raises:
            RefusedError: the caller is neither the patient nor the custodian's own staff in charge.
        """
        reply = await self._ledger.evaluate(
            "consent:list", custodian, custodian=custodian, content={"handle": handle}
        )
        return parse(ConsentList, reply).consents


def _actor(system: str, value: str) -> Json:
    return {
        "role": _concept(_PARTICIPATION, "IRCP"),
        "reference": {"identifier": {"system": system, "value": value}},
    }


def _concept(system: str, code: str) -> dict[str, Json]:
    return {"coding": [{"system": system, "code": code}]}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
