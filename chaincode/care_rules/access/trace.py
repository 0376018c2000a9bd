"""Why a decision came out as it did: steps by code, and a sentence for each code."""

from dataclasses import dataclass
from typing import Final

from care_rules.canonical import Json
from care_rules.fields import HANDLE, Fields

MAX_ITEMS: Final = 100_000

SENTENCES: Final = {
    "request-expired": "The request was not answered within its time.",
    "institution-not-active": "The requester's institution is not active on the channel.",
    "role-may-not-ask": "Staff of this role may not ask for records with this purpose.",
    "no-record": "The custodian holds no record that the request asks for.",
    "too-many-records": "The request covers more records than one answer can release; it can be narrowed.",
    "own-treatment": "The custodian's own staff treats the patient.",
    "consent-permit": "The patient's consents permit this record.",
    "consent-deny": "A consent of the patient denies this record.",
    "no-consent": "No consent of the patient speaks about this record and requester.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its code, the records it is about (none: the whole request), the consents that decided it."""

    code: str
    record_ids: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()

    def value(self) -> dict[str, Json]:
        """The JSON of it."""
        return {"code": self.code, "record_ids": list(self.record_ids), "consents": list(self.consents)}


def read_trace(fields: Fields, key: str) -> tuple[Step, ...]:
    """Takes a list of steps."""
    steps = []
    for item in fields.children(key, most=MAX_ITEMS):
        with item:
            steps.append(
                Step(
                    item.choice("code", tuple(SENTENCES)),
                    item.texts("record_ids", most=MAX_ITEMS, pattern=HANDLE),
                    item.texts("consents", most=MAX_ITEMS, pattern=HANDLE),
                )
            )
    return tuple(steps)
