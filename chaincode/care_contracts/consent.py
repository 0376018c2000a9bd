"""The patient's consents, as each custodian concerned holds them."""

from collections.abc import Set
from typing import Final

from care_rules import signing
from care_rules.canonical import canonical_json
from care_rules.consent.keys import GRANTED, REVOKED, consent_key
from care_rules.consent.parse import parse_consent
from care_rules.consent.stored import (
    Grant,
    StoredConsent,
    check_grant,
    grant_value,
    read_grant,
    revocation_value,
)
from care_rules.errors import ConsentExistsError, ConsentInactiveError, FindingInvalidError
from care_rules.fields import HANDLE
from fabric_shim.contract import Context, Contract, query, transaction

from care_contracts import callers, holdings
from care_contracts.custody import Custody
from care_contracts.inputs import private_fields, transaction_time, transaction_time_text
from care_contracts.signatures import check_signature

FINDING: Final = "consent"
SIGNATURE_LIMIT: Final = 128
READERS: Final[Set[str]] = {callers.PRIVACY_OFFICER, callers.REGISTRAR, callers.NODE}


class Consents(Contract):
    """Consents that patients sign with their own key: granted once, revoked once, never changed."""

    name = "consent"

    @transaction
    async def grant(self, ctx: Context, custodian: str) -> str:
        """Grant a consent at a custodian. For the patient.

        Transient: handle, consent (FHIR R4), signature over channel, custodian and consent.
        """
        with private_fields(ctx) as fields:
            handle = fields.text("handle", pattern=HANDLE)
            fhir = fields.take("consent")
            signature = fields.text("signature", limit=SIGNATURE_LIMIT)
        who = await callers.require_patient(ctx, handle)
        custody = await Custody.of(ctx, custodian)
        consent = parse_consent(fhir)
        check_grant(consent, handle, transaction_time(ctx))
        message = signing.consent_grant(ctx.stub.get_channel_id(), custodian, fhir)
        check_signature(who.public_key, signature, message)
        key = consent_key(custody.tag(handle), consent.consent_id, GRANTED)
        present = await custody.get(key)
        if present is None:
            value = grant_value(
                Grant(consent, fhir, signature), transaction_time_text(ctx), ctx.stub.get_tx_id()
            )
            await custody.put(key, value)
        elif canonical_json(read_grant(present.json).grant.fhir) == canonical_json(fhir):
            await custody.put_again(present)
        else:
            raise ConsentExistsError("Consent.id is taken by another content; use a new random id.")
        return ctx.stub.get_tx_id()

    @transaction
    async def revoke(self, ctx: Context, custodian: str) -> str:
        """Revoke a consent at a custodian. For the patient.

        Transient: handle, consent_id, signature over channel, custodian and consent id, and the finding that
        `list` returned with the consent.
        """
        with private_fields(ctx) as fields:
            handle = fields.text("handle", pattern=HANDLE)
            consent_id = fields.text("consent_id", pattern=HANDLE)
            signature = fields.text("signature", limit=SIGNATURE_LIMIT)
            finding = fields.text("finding", limit=4096)
        who = await callers.require_patient(ctx, handle)
        custody = await Custody.of(ctx, custodian)
        with custody.open(FINDING, finding) as found:
            about = found.text("handle"), found.text("consent_id")
        if about != (handle, consent_id):
            raise FindingInvalidError("The finding is about another consent; list the consents again.")
        message = signing.consent_revoke(ctx.stub.get_channel_id(), custodian, consent_id)
        check_signature(who.public_key, signature, message)
        key = consent_key(custody.tag(handle), consent_id, REVOKED)
        if await custody.get(key) is not None:
            raise ConsentInactiveError("The consent is revoked already.")
        value = revocation_value(
            handle, consent_id, signature, transaction_time_text(ctx), ctx.stub.get_tx_id()
        )
        await custody.put(key, value)
        return ctx.stub.get_tx_id()

    @query
    async def list(self, ctx: Context, custodian: str) -> dict[str, object]:
        """A patient's consents, each with the finding that a revocation needs.

        For the patient, and the custodian's privacy officer, registrar and node. Transient: handle.
        """
        with private_fields(ctx) as fields:
            handle = fields.text("handle", pattern=HANDLE)
        await callers.require_reader(ctx, custodian, handle, READERS)
        custody = await Custody.of(ctx, custodian)
        stored = await holdings.consents(custody, handle)
        return {
            "consents": [{**consent.value(), "finding": _finding(custody, consent)} for consent in stored]
        }


def _finding(custody: Custody, stored: StoredConsent) -> str | None:
    if not stored.active:
        return None
    consent = stored.grant.consent
    return custody.seal(FINDING, {"handle": consent.handle, "consent_id": consent.consent_id})
