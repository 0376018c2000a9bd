"""What one patient's consents say about one record: pure, and independent of their order.

1. A consent applies when it is in force at the time asked for, and names the asker (or anybody), and names
   the purpose or a wider one (or any).
2. A deny that applies and names any of the record's types (or any type) ends it: denied.
3. Otherwise the record is permitted when the permits that apply name every one of its types between them.
4. Otherwise there is no consent.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from care_rules.consent.model import Consent, Effect
from care_rules.purposes import covers


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, for what purpose, and when (microseconds since 1970 UTC)."""

    msp_id: str
    staff_id: str
    purpose: str
    at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The effect, None where no consent decides, and the ids of the consents that decided, in order."""

    effect: Effect | None
    consents: tuple[str, ...] = ()


def applies(consent: Consent, question: Question) -> bool:
    """Whether a consent speaks about this asker and purpose at this time, whatever the record."""
    if consent.start is not None and question.at < consent.start:
        return False
    if consent.end is not None and question.at >= consent.end:
        return False
    named = not consent.actors or any(
        actor.msp_id == question.msp_id and actor.staff_id in (None, question.staff_id)
        for actor in consent.actors
    )
    return named and (
        not consent.purposes or any(covers(purpose, question.purpose) for purpose in consent.purposes)
    )


def weigh(consents: Iterable[Consent], question: Question, kind: str, types: Iterable[str]) -> Verdict:
    """The verdict on a record of FHIR type `kind` that holds resources of `types`."""
    applying = [consent for consent in consents if applies(consent, question)]
    held = set(types) | ({kind} - {"Bundle"})
    denies = [
        consent
        for consent in applying
        if consent.effect is Effect.DENY and (not consent.classes or (held | {kind}) & set(consent.classes))
    ]
    if denies:
        return Verdict(Effect.DENY, _ids(denies))
    permits = [
        consent
        for consent in applying
        if consent.effect is Effect.PERMIT and (not consent.classes or held & set(consent.classes))
    ]
    if any(not consent.classes for consent in permits):
        return Verdict(Effect.PERMIT, _ids(permits))
    named = {name for consent in permits for name in consent.classes}
    if permits and held <= named:
        return Verdict(Effect.PERMIT, _ids(permits))
    return Verdict(None)


def _ids(consents: Iterable[Consent]) -> tuple[str, ...]:
    return tuple(sorted(consent.consent_id for consent in consents))
