"""A consent as the rules use it."""

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a consent's provision does where it applies."""

    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Actor:
    """An institution, or one person of its staff."""

    msp_id: str
    staff_id: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """One provision of one patient. Empty actors, purposes or classes mean any; times are microseconds
    since 1970 UTC.

    It is in force from ``start`` up to, not including, ``end``; None is no limit.
    """

    consent_id: str
    handle: str
    dated: int
    effect: Effect
    start: int | None = None
    end: int | None = None
    actors: tuple[Actor, ...] = ()
    purposes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
