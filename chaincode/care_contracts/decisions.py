"""Deciding a request on what the custodian holds now. Range queries: for evaluated functions only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from care_rules import instants
from care_rules.access.decide import Decision, decide, read_decision
from care_rules.access.model import AccessRequest
from care_rules.access.release import Version
from care_rules.canonical import MAX_INTEGER
from care_rules.consent.model import Effect
from care_rules.ehr.keys import record_key
from care_rules.ehr.model import Entry
from care_rules.ehr.stored import read_stored
from care_rules.errors import FindingInvalidError
from fabric_shim.contract import Context

from care_contracts import holdings, public_state
from care_contracts.custody import Custody

FINDING: Final = "decision"
FINDING_LIFETIME: Final = instants.MINUTE


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the entries of the records that it permits, in its order, and the requester's
    HPKE key.
    """

    decision: Decision
    entries: tuple[Entry, ...]
    hpke_public_key: str | None


async def decide_newest(ctx: Context, custody: Custody, request: AccessRequest, at: int) -> Decided:
    """The decision on the newest versions of the patient's records."""
    entries = [stored.entry for stored in await holdings.newest_entries(custody, request.asked.handle)]
    return await _decide(ctx, custody, request, entries, at)


async def decide_versions(
    ctx: Context, custody: Custody, request: AccessRequest, versions: Iterable[Version], at: int
) -> Decided:
    """The decision on given versions, those that have been answered."""
    tag = custody.tag(request.asked.handle)
    items = [await custody.get(record_key(tag, version.record_id, version.version)) for version in versions]
    entries = [read_stored(item.json).entry for item in items if item is not None]
    return await _decide(ctx, custody, request, entries, at)


def released(entry: Entry, sealed_key: str | None = None) -> dict[str, object]:
    """What a reader of a record needs, with the key as sealed to the custodian or as given."""
    shown: dict[str, object] = {**entry.description(), "sealed_key": sealed_key or entry.sealed_key}
    for key in ("category", "date", "labels"):
        del shown[key]
    return shown


def seal_finding(custody: Custody, request: AccessRequest, decision: Decision, at: int) -> str:
    """The finding that the chaincode decided this about a request at a time."""
    return custody.seal(
        FINDING, {"request_id": request.request_id, "decided_at": at, "decision": decision.value()}
    )


def open_finding(custody: Custody, request: AccessRequest, finding: str, now: int) -> tuple[Decision, int]:
    """The decision that a finding states about a request, and when it was made.

    Raises:
        FindingInvalidError: about another request, too old, or a permit of a request that has expired since.
    """
    with custody.open(FINDING, finding) as found:
        request_id = found.text("request_id")
        decided_at = found.integer("decided_at", 0, MAX_INTEGER)
        with found.child("decision") as made:
            decision = read_decision(made)
    if request_id != request.request_id or not decided_at <= now < decided_at + FINDING_LIFETIME:
        raise FindingInvalidError(
            "The finding is about another request or too old; fetch the decision again."
        )
    if decision.effect is Effect.PERMIT and now >= request.expires:
        raise FindingInvalidError("The request has expired since; fetch the decision again.")
    return decision, decided_at


async def _decide(
    ctx: Context, custody: Custody, request: AccessRequest, entries: list[Entry], at: int
) -> Decided:
    institution = await public_state.institution(ctx, request.requester.msp_id)
    consents = await holdings.consents(custody, request.asked.handle)
    decision = decide(
        request,
        custody.custodian,
        entries,
        [stored.grant.consent for stored in consents if stored.active],
        institution_active=institution is not None and institution.active,
        at=at,
    )
    by_version = {Version(entry.record_id, entry.version): entry for entry in entries}
    return Decided(
        decision,
        tuple(by_version[version] for version in decision.records),
        None if institution is None else institution.hpke_public_key,
    )
