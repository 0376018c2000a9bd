"""The index of sealed records in the custodian's collection."""

from collections.abc import Set
from typing import Final

from care_rules.ehr.keys import record_key, versions_of
from care_rules.ehr.model import MAX_VERSION, Entry, read_entry
from care_rules.ehr.stored import StoredEntry, read_stored
from care_rules.errors import (
    CareError,
    FindingInvalidError,
    InputInvalidError,
    RecordExistsError,
    VersionConflictError,
)
from care_rules.fields import HANDLE
from fabric_shim.contract import Context, Contract, query, transaction

from care_contracts import callers
from care_contracts.callers import Caller
from care_contracts.custody import Custody
from care_contracts.holdings import newest_entries
from care_contracts.inputs import private_fields, transaction_time_text

PUBLISHED: Final = "record.published"
HISTORY: Final = "history"
WRITERS: Final[Set[str]] = {callers.REGISTRAR, callers.PRACTITIONER, callers.NODE}
READERS: Final[Set[str]] = WRITERS | {callers.PRIVACY_OFFICER}


class Ehr(Contract):
    """Records as their custodian publishes them: immutable versions, sealed elsewhere, described here."""

    name = "ehr"

    @transaction
    async def publish(self, ctx: Context, custodian: str) -> str:
        """Publish a new record. For the custodian's registrar, practitioner or node.

        Transient: the entry, with version 1.
        """
        who = callers.require_staff(ctx, custodian, WRITERS)
        custody = await Custody.of(ctx, custodian)
        with private_fields(ctx) as fields:
            entry = read_entry(fields)
        if entry.version != 1:
            raise InputInvalidError("in.version must be 1; later versions are amendments.")
        taken = RecordExistsError("The record id is taken by another content; use a new random id.")
        return await _write(ctx, custody, who, entry, taken)

    @transaction
    async def amend(self, ctx: Context, custodian: str) -> str:
        """Publish the next version of a record. For the custodian's registrar, practitioner or node.

        Transient: the entry, and the finding that `history` returned.
        """
        who = callers.require_staff(ctx, custodian, WRITERS)
        custody = await Custody.of(ctx, custodian)
        with private_fields(ctx) as fields:
            finding = fields.text("finding", limit=4096)
            entry = read_entry(fields)
        with custody.open(HISTORY, finding) as found:
            about = found.text("handle"), found.text("record_id")
            latest = found.integer("latest", 1, MAX_VERSION)
        if about != (entry.handle, entry.record_id):
            raise FindingInvalidError("The finding is about another record; fetch this record's history.")
        if entry.version != latest + 1:
            raise VersionConflictError(
                "The version must be the one after the latest; fetch the history again."
            )
        taken = VersionConflictError("That version is there with another content; fetch the history again.")
        return await _write(ctx, custody, who, entry, taken)

    @query
    async def list(self, ctx: Context, custodian: str) -> dict[str, object]:
        """The newest version of each of a patient's records.

        For the patient, and the custodian's registrar, practitioner, privacy officer and node. Transient:
        handle.
        """
        with private_fields(ctx) as fields:
            handle = fields.text("handle", pattern=HANDLE)
        await callers.require_reader(ctx, custodian, handle, READERS)
        custody = await Custody.of(ctx, custodian)
        return {"records": [stored.description() for stored in await newest_entries(custody, handle)]}

    @query
    async def history(self, ctx: Context, custodian: str) -> dict[str, object]:
        """All versions of a record, oldest first, and the finding that an amendment needs.

        For those who may list, and for auditors. Transient: handle, record_id.
        """
        with private_fields(ctx) as fields:
            handle = fields.text("handle", pattern=HANDLE)
            record_id = fields.text("record_id", pattern=HANDLE)
        if not await callers.is_auditor(ctx, callers.caller(ctx), custodian):
            await callers.require_reader(ctx, custodian, handle, READERS)
        custody = await Custody.of(ctx, custodian)
        items = await custody.scan(versions_of(custody.tag(handle), record_id))
        versions = [read_stored(item.json) for item in items]
        finding = None
        if versions:
            latest = versions[-1].entry.version
            finding = custody.seal(HISTORY, {"handle": handle, "record_id": record_id, "latest": latest})
        return {"versions": [stored.description() for stored in versions], "finding": finding}


async def _write(ctx: Context, custody: Custody, who: Caller, entry: Entry, taken: CareError) -> str:
    key = record_key(custody.tag(entry.handle), entry.record_id, entry.version)
    present = await custody.get(key)
    if present is None:
        stored = StoredEntry(
            entry, transaction_time_text(ctx), ctx.stub.get_tx_id(), who.msp_id, who.staff_id
        )
        await custody.put(key, stored.value())
    elif read_stored(present.json).entry == entry:
        await custody.put_again(present)
    else:
        raise taken
    ctx.stub.set_event(PUBLISHED)
    return ctx.stub.get_tx_id()
