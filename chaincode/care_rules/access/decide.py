"""The decision on a request: pure, the same for the same request, records, consents and time.

1. A request that has expired, of an institution that is not active, or by a role that may not ask for this
   purpose is denied.
2. Of the newest versions that the patient has at this custodian, those asked for are weighed one by one:
   a consent that denies wins; then the custodian's own treating practitioner is permitted; then consents
   permit; otherwise it is denied.
3. The request is permitted when at least one record is; only those are released.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from care_rules.access.model import AccessRequest, Requester
from care_rules.access.release import MAX_RECORDS, Version, read_versions
from care_rules.access.trace import Step, read_trace
from care_rules.canonical import Json
from care_rules.consent.decide import Question, weigh
from care_rules.consent.keys import GRANTED
from care_rules.consent.model import Consent, Effect
from care_rules.ehr.model import Entry
from care_rules.fields import Fields
from care_rules.purposes import covers, may_ask

OWN_ROLE = "practitioner"
PERMITTING = frozenset({"own-treatment", "consent-permit"})


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit with the record versions to release, or deny without; and why."""

    effect: Effect
    records: tuple[Version, ...]
    trace: tuple[Step, ...]

    @property
    def consents(self) -> tuple[str, ...]:
        """The ids of all consents that decided something, in order."""
        return tuple(sorted({consent for step in self.trace for consent in step.consents}))

    def value(self) -> dict[str, Json]:
        """The JSON of it, as committed."""
        return {
            "decision": self.effect.value,
            "records": [version.value() for version in self.records],
            "consents": [{"consent_id": consent, "version": GRANTED} for consent in self.consents],
            "trace": [step.value() for step in self.trace],
        }


def decide(
    request: AccessRequest,
    custodian: str,
    entries: Collection[Entry],
    consents: Iterable[Consent],
    *,
    institution_active: bool,
    at: int,
) -> Decision:
    """Decides a request on the patient's newest entries and active consents at a time (microseconds
    since 1970 UTC).
    """
    requester, asked = request.requester, request.asked
    refusal = _refusal(request, institution_active=institution_active, at=at)
    if refusal is not None:
        return Decision(Effect.DENY, (), (Step(refusal),))
    wanted = sorted(
        (entry for entry in entries if asked.selects(entry.record_id, entry.types)),
        key=lambda entry: entry.record_id,
    )
    if not wanted:
        return Decision(Effect.DENY, (), (Step("no-record"),))
    if len(wanted) > MAX_RECORDS:
        return Decision(Effect.DENY, (), (Step("too-many-records"),))
    question = Question(requester.msp_id, requester.staff_id, asked.purpose, at)
    known = tuple(consents)
    own = _treats_own(requester, custodian, asked.purpose)
    permitted: list[Version] = []
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for entry in wanted:
        code, deciding = _weigh(entry, known, question, own=own)
        groups.setdefault((code, deciding), []).append(entry.record_id)
        if code in PERMITTING:
            permitted.append(Version(entry.record_id, entry.version))
    trace = tuple(Step(code, tuple(groups[code, deciding]), deciding) for code, deciding in sorted(groups))
    return Decision(Effect.PERMIT if permitted else Effect.DENY, tuple(permitted), trace)


def read_decision(fields: Fields) -> Decision:
    """Takes a decision's keys from an object."""
    fields.take("consents")
    return Decision(
        Effect(fields.choice("decision", [effect.value for effect in Effect])),
        read_versions(fields, "records"),
        read_trace(fields, "trace"),
    )


def _refusal(request: AccessRequest, *, institution_active: bool, at: int) -> str | None:
    if at >= request.expires:
        return "request-expired"
    if not institution_active:
        return "institution-not-active"
    if not may_ask(request.requester.role, request.asked.purpose):
        return "role-may-not-ask"
    return None


def _treats_own(requester: Requester, custodian: str, purpose: str) -> bool:
    return requester.msp_id == custodian and requester.role == OWN_ROLE and covers("TREAT", purpose)


def _weigh(
    entry: Entry, consents: tuple[Consent, ...], question: Question, *, own: bool
) -> tuple[str, tuple[str, ...]]:
    verdict = weigh(consents, question, entry.kind, entry.types)
    if verdict.effect is Effect.DENY:
        return "consent-deny", verdict.consents
    if own:
        return "own-treatment", ()
    if verdict.effect is Effect.PERMIT:
        return "consent-permit", verdict.consents
    return "no-consent", ()
