"""What happened: the custodian's own entries as stored, so that each can be checked against its block."""

import base64

from care_rules.access import keys
from care_rules.access.stored import read_request
from care_rules.audit.entries import describe
from care_rules.audit.model import page, parse_filter
from care_rules.ehr.keys import RECORD, versions_of
from care_rules.fields import HANDLE
from fabric_shim.contract import Context, Contract, query

from care_contracts import callers
from care_contracts.custody import Custody, PrivateItem
from care_contracts.inputs import private_fields, private_input


class Audit(Contract):
    """Accounting of disclosures and of records: for the patient, the custodian's auditor, an active
    regulator's.
    """

    name = "audit"

    @query
    async def disclosures(self, ctx: Context, custodian: str) -> dict[str, object]:
        """Requests, newest first, each with its decision, answer and receipts.

        For the patient (own handle), the custodian's auditor and privacy officer, and auditors of active
        regulators. Transient: handle, institution, since, until, limit, bookmark, all optional.
        """
        wanted = parse_filter(private_input(ctx))
        await _require(ctx, custodian, wanted.handle)
        custody = await Custody.of(ctx, custodian)
        if wanted.handle is None:
            items = await custody.scan(keys.all_requests())
        else:
            items = await _about(ctx, custody, wanted.handle)
        by_id = {read_request(item.json).request_id: item for item in items}
        shown, bookmark = page((read_request(item.json) for item in items), wanted)
        entries: list[dict[str, object]] = []
        for request in shown:
            entries += await _entries(custody, request.request_id, by_id[request.request_id])
        return {"entries": entries, "bookmark": bookmark}

    @query
    async def history(self, ctx: Context, custodian: str) -> dict[str, object]:
        """All versions of a record, oldest first. For the same callers. Transient: handle, record_id."""
        with private_fields(ctx) as fields:
            handle = fields.text("handle", pattern=HANDLE)
            record_id = fields.text("record_id", pattern=HANDLE)
        await _require(ctx, custodian, handle)
        custody = await Custody.of(ctx, custodian)
        items = await custody.scan(versions_of(custody.tag(handle), record_id))
        return {"entries": [_entry(custody, RECORD, item) for item in items]}


async def _require(ctx: Context, custodian: str, handle: str | None) -> None:
    who = callers.caller(ctx)
    if await callers.is_auditor(ctx, who, custodian):
        return
    if handle is None or not await callers.is_patient(ctx, who, handle):
        raise callers.refusal(
            "the patient's own key with the handle, or an auditor of the custodian or a regulator"
        )


async def _about(ctx: Context, custody: Custody, handle: str) -> list[PrivateItem]:
    found = []
    for index in await custody.scan(keys.requests_about(custody.tag(handle))):
        request_id = ctx.stub.split_composite_key(index.key)[1][-1]
        item = await custody.get(keys.request_key(request_id))
        if item is not None:
            found.append(item)
    return found


async def _entries(custody: Custody, request_id: str, request: PrivateItem) -> list[dict[str, object]]:
    entries = [_entry(custody, keys.REQUEST, request)]
    for kind, key in (
        (keys.DECISION, keys.decision_key(request_id)),
        (keys.ANSWER, keys.answer_key(request_id)),
    ):
        item = await custody.get(key)
        if item is not None:
            entries.append(_entry(custody, kind, item))
    receipts = [
        _entry(custody, keys.RECEIPT, item) for item in await custody.scan(keys.receipts_of(request_id))
    ]
    return entries + sorted(receipts, key=lambda entry: (str(entry["at"]), str(entry["transaction_id"])))


def _entry(custody: Custody, kind: str, item: PrivateItem) -> dict[str, object]:
    return {
        **describe(kind, item.json),
        "kind": kind,
        "collection": custody.collection,
        "key": item.key,
        "value": base64.b64encode(item.value).decode(),
    }
