"""Requests, decisions, answers and receipts.

A request commits who asks for what; nothing about the patient is looked up for it. The custodian's key
agent then evaluates `decision`, and commits that decision together with the answer, for every request in
the same shape.
"""

from typing import Final

from care_rules import instants
from care_rules.access import keys, stored
from care_rules.access.model import AccessRequest, Requester, parse_asked
from care_rules.access.release import read_keys, read_versions
from care_rules.canonical import canonical_json
from care_rules.custody import FINDING_LIMIT
from care_rules.errors import (
    InputInvalidError,
    KeysNotPermittedError,
    NotAnsweredError,
    RecordsNotAnsweredError,
    RequestUnknownError,
)
from care_rules.fields import DIGEST
from fabric_shim.contract import Context, Contract, query, transaction

from care_contracts import callers, decisions
from care_contracts.custody import Custody
from care_contracts.inputs import private_fields, private_input, transaction_time, transaction_time_text
from care_contracts.requests import own_request, unanswered_request

REQUESTED: Final = "access.requested"
ANSWERED: Final = "access.answered"
AGENT: Final = frozenset({callers.NODE})
PADDING_BYTES: Final = 1024 * 1024
AVAILABLE: Final = "available"
NOT_AVAILABLE: Final = "not-available"


class Access(Contract):
    """How staff gets to a record: request, decision, answer, outcome, receipt."""

    name = "access"

    @transaction
    async def request(self, ctx: Context, custodian: str) -> str:
        """Ask a custodian for a patient's records. For anybody of an active institution.

        Transient: handle, purpose, and record_ids or types or neither. The event names the custodian.
        """
        who = callers.caller(ctx)
        await callers.require_active(ctx, who)
        asked = parse_asked(private_input(ctx))
        custody = await Custody.of(ctx, custodian)
        request_id = ctx.stub.get_tx_id()
        requester = Requester(who.msp_id, who.staff_id, who.client_id, who.role, who.groups)
        request = AccessRequest(request_id, transaction_time(ctx), requester, asked)
        await custody.put(keys.request_key(request_id), stored.request_value(request))
        await custody.put(keys.patient_request_key(custody.tag(asked.handle), request_id), {})
        await custody.put(keys.open_request_key(request_id), stored.open_value(request))
        ctx.stub.set_event(REQUESTED, canonical_json({"custodian": custodian}))
        return request_id

    @query
    async def pending(self, ctx: Context, custodian: str) -> dict[str, object]:
        """The requests that are not answered yet, oldest first, expired ones too. For the
        custodian's node.
        """
        callers.require_staff(ctx, custodian, AGENT)
        custody = await Custody.of(ctx, custodian)
        marks = [stored.read_open(item.json) for item in await custody.scan(keys.open_requests())]
        return {"requests": sorted(marks, key=lambda mark: (mark["requested_at"], mark["request_id"]))}

    @query
    async def decision(self, ctx: Context, custodian: str) -> dict[str, object]:
        """The decision on a request as it stands now, with the finding that the answer needs.

        For the custodian's node. Transient: request_id.
        """
        callers.require_staff(ctx, custodian, AGENT)
        custody = await Custody.of(ctx, custodian)
        with private_fields(ctx) as fields:
            request_id = fields.text("request_id", pattern=DIGEST)
        request = await unanswered_request(custody, request_id)
        now = transaction_time(ctx)
        decided = await decisions.decide_newest(ctx, custody, request, now)
        return {
            "request_id": request_id,
            "decision": decided.decision.effect.value,
            "handle": request.asked.handle,
            "purpose": request.asked.purpose,
            "requested_at": instants.to_text(request.requested_at),
            "expires": instants.to_text(request.expires),
            "decided_at": instants.to_text(now),
            "requester": {
                "msp_id": request.requester.msp_id,
                "staff_id": request.requester.staff_id,
                "role": request.requester.role,
                "hpke_public_key": decided.hpke_public_key,
            },
            "records": [decisions.released(entry) for entry in decided.entries],
            "trace": [step.value() for step in decided.decision.trace],
            "finding": decisions.seal_finding(custody, request, decided.decision, now),
        }

    @transaction
    async def answer(self, ctx: Context, custodian: str) -> str:
        """Commit a decision with the keys of exactly the records that it permits. For the custodian's node.

        Transient: request_id, finding (of `decision`, at most 60 s old), keys, padding (dropped; it evens out
        what goes over the wire). The event names the request.
        """
        callers.require_staff(ctx, custodian, AGENT)
        custody = await Custody.of(ctx, custodian)
        with private_fields(ctx) as fields:
            request_id = fields.text("request_id", pattern=DIGEST)
            finding = fields.text("finding", limit=2 * FINDING_LIMIT)
            released = read_keys(fields, "keys")
            fields.base64("padding", limit=PADDING_BYTES)
        request = await unanswered_request(custody, request_id)
        now = transaction_time(ctx)
        decision, decided_at = decisions.open_finding(custody, request, finding, now)
        if tuple(key.of for key in released) != decision.records:
            raise KeysNotPermittedError("Give the keys of exactly the records that the decision permits.")
        at, transaction_id = transaction_time_text(ctx), ctx.stub.get_tx_id()
        await custody.put(
            keys.decision_key(request_id),
            stored.decision_value(request_id, decision, instants.to_text(decided_at), transaction_id),
        )
        await custody.put(
            keys.answer_key(request_id), stored.answer_value(request_id, released, at, transaction_id)
        )
        await custody.delete(keys.open_request_key(request_id))
        ctx.stub.set_event(ANSWERED, canonical_json({"request_id": request_id}))
        return transaction_id

    @query
    async def outcome(self, ctx: Context, custodian: str) -> dict[str, object]:
        """What came of the caller's own request: pending, not available, or the records that are permitted
        now.

        For who asked; to anybody else it is not available, as are unknown, denied, revoked and expired ones.
        Transient: request_id.
        """
        who = callers.caller(ctx)
        custody = await Custody.of(ctx, custodian)
        with private_fields(ctx) as fields:
            request_id = fields.text("request_id", pattern=DIGEST)
        request = await own_request(custody, request_id, who)
        now = transaction_time(ctx)
        if request is None or now >= request.expires:
            return {"status": NOT_AVAILABLE}
        item = await custody.get(keys.answer_key(request_id))
        if item is None:
            return {"status": "pending"}
        answered = {key.of: key.sealed_key for key in stored.read_answer(item.json)}
        if not answered:
            return {"status": NOT_AVAILABLE}
        decided = await decisions.decide_versions(ctx, custody, request, sorted(answered), now)
        if not decided.entries:
            return {"status": NOT_AVAILABLE}
        records = [
            decisions.released(entry, answered[version])
            for version, entry in zip(decided.decision.records, decided.entries, strict=True)
        ]
        return {"status": AVAILABLE, "records": records, "expires": instants.to_text(request.expires)}

    @transaction
    async def acknowledge(self, ctx: Context, custodian: str) -> str:
        """Say what one got, also when it was nothing. For who asked.

        Transient: request_id, status, records (none unless available).
        """
        who = callers.caller(ctx)
        custody = await Custody.of(ctx, custodian)
        with private_fields(ctx) as fields:
            request_id = fields.text("request_id", pattern=DIGEST)
            status = fields.choice("status", (AVAILABLE, NOT_AVAILABLE))
            records = read_versions(fields, "records")
        if (status == AVAILABLE) != bool(records):
            raise InputInvalidError("in.records must hold records when, and only when, they were available.")
        if await own_request(custody, request_id, who) is None:
            raise RequestUnknownError("There is no such request of yours at this custodian.")
        item = await custody.get(keys.answer_key(request_id))
        if item is None:
            raise NotAnsweredError("The request is not answered yet; wait for the answer.")
        if not set(records) <= {key.of for key in stored.read_answer(item.json)}:
            raise RecordsNotAnsweredError("in.records names a record that the answer does not hold.")
        at, transaction_id = transaction_time_text(ctx), ctx.stub.get_tx_id()
        await custody.put(
            keys.receipt_key(request_id, transaction_id),
            stored.receipt_value(request_id, status, records, at, transaction_id),
        )
        return transaction_id
