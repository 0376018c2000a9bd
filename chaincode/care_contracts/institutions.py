"""Who takes part in the consortium, and the opening of a custodian's custody."""

from care_rules.canonical import Json, parse_json
from care_rules.custody import PEPPER_BYTES
from care_rules.errors import (
    AlreadyApprovedError,
    DigestMismatchError,
    InstitutionUnknownError,
)
from care_rules.fields import DIGEST, MSP_ID, Fields, check_text
from care_rules.institutions.model import (
    Institution,
    all_institutions,
    approval_key,
    approvals_of,
    enough,
    institution_key,
    parse_institution,
    read_institution,
)
from fabric_shim.contract import Context, Contract, query, transaction

from care_contracts import callers, public_state
from care_contracts.custody import is_open, open_custody
from care_contracts.inputs import private_fields, transaction_time_text

ENTRY_LIMIT = 4096


class Institutions(Contract):
    """The institutions of this channel, each active once a majority of those registered approves it."""

    name = "institutions"

    @transaction
    async def register(self, ctx: Context, entry: str) -> str:
        """Register the caller's own institution, or change its entry. For its administrator.

        A new HPKE key takes effect at once; any other change has to be approved again.
        """
        who = callers.require_role(ctx, callers.ADMINISTRATOR)
        now = transaction_time_text(ctx)
        proposed = parse_institution(parse_json(entry.encode(), limit=ENTRY_LIMIT), who.msp_id, now)
        entries = await public_state.scan(ctx, all_institutions())  # noqa: FS202 a majority counts them all
        registered = [read_institution(value) for value in entries]
        current = next((known for known in registered if known.msp_id == who.msp_id), None)
        if current is not None and current.digest == proposed.digest:
            changed = proposed.with_status(active=current.active)
        else:
            approvers = await _approvers(ctx, proposed)  # noqa: FS202 a majority counts them all
            changed = proposed.with_status(
                active=enough(who.msp_id, approvers, [known.msp_id for known in registered])
            )
        await public_state.write(ctx, institution_key(who.msp_id), changed.value())
        return ctx.stub.get_tx_id()

    @transaction
    async def approve(self, ctx: Context, msp_id: str, digest: str) -> str:
        """Approve another institution's entry as it stands, named by its digest. For a registered
        one's administrator.
        """
        who = callers.require_role(ctx, callers.ADMINISTRATOR)
        check_text(msp_id, "msp_id", MSP_ID)
        check_text(digest, "digest", DIGEST)
        entries = await public_state.scan(ctx, all_institutions())  # noqa: FS202 a majority counts them all
        registered = {known.msp_id: known for known in map(read_institution, entries)}
        if who.msp_id not in registered:
            raise InstitutionUnknownError(
                "Your institution is not registered on this channel; register it first."
            )
        target = registered.get(msp_id)
        if target is None:
            raise InstitutionUnknownError("No such institution is registered on this channel.")
        if target.digest != digest:
            raise DigestMismatchError(
                "The entry has changed since; look at it again and approve its new digest."
            )
        approvers = await _approvers(ctx, target)  # noqa: FS202 a majority counts them all
        if who.msp_id in {*approvers, msp_id}:
            raise AlreadyApprovedError("Your institution approves this entry already.")
        approval: Json = {"approver": who.msp_id, "digest": digest, "approved_at": transaction_time_text(ctx)}
        await public_state.write(ctx, approval_key(msp_id, who.msp_id), approval)
        if not target.active and enough(msp_id, [*approvers, who.msp_id], registered):
            await public_state.write(ctx, institution_key(msp_id), target.with_status(active=True).value())
        return ctx.stub.get_tx_id()

    @query
    async def get(self, ctx: Context, msp_id: str) -> dict[str, object]:
        """One institution's entry with its approvals. For any member."""
        check_text(msp_id, "msp_id", MSP_ID)
        found = await public_state.institution(ctx, msp_id)
        if found is None:
            raise InstitutionUnknownError("No such institution is registered on this channel.")
        return await _shown(ctx, found)

    @query
    async def list(self, ctx: Context) -> dict[str, object]:
        """All institutions' entries with their approvals, by MSP ID. For any member."""
        registered = [read_institution(value) for value in await public_state.scan(ctx, all_institutions())]
        return {"institutions": [await _shown(ctx, known) for known in registered]}

    @transaction
    async def open_custody(self, ctx: Context, custodian: str) -> str:
        """Keep the custodian's pepper in its own collection, once. For its administrator or node.

        Transient: pepper, 32 random bytes in base64.
        """
        callers.require_staff(ctx, custodian, {callers.ADMINISTRATOR, callers.NODE})
        with private_fields(ctx) as fields:
            pepper = fields.base64("pepper", limit=PEPPER_BYTES, size=PEPPER_BYTES)
        await open_custody(ctx, custodian, pepper)
        return ctx.stub.get_tx_id()

    @query
    async def custody_status(self, ctx: Context, custodian: str) -> dict[str, bool]:
        """Whether the custody is open. For the custodian's administrator or node, at its own peer."""
        callers.require_staff(ctx, custodian, {callers.ADMINISTRATOR, callers.NODE})
        return {"open": await is_open(ctx, custodian)}


async def _approvers(ctx: Context, entry: Institution) -> list[str]:
    approvers = []
    for value in await public_state.scan(ctx, approvals_of(entry.msp_id)):
        with Fields.of(value, "approval") as fields:
            fields.take("approved_at")
            approver = fields.text("approver")
            if fields.text("digest") == entry.digest:
                approvers.append(approver)
    return approvers


async def _shown(ctx: Context, entry: Institution) -> dict[str, object]:
    return {**entry.value(), "approvals": await _approvers(ctx, entry)}
