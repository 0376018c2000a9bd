"""What people are shown of a stored value, by its kind; the whole value goes along as bytes."""

from typing import Final

from care_rules.access.keys import ANSWER, DECISION, RECEIPT, REQUEST
from care_rules.access.stored import read_answer
from care_rules.canonical import Json
from care_rules.ehr.keys import RECORD
from care_rules.errors import InputInvalidError

_TIME: Final = {REQUEST: "requested_at", RECORD: "published_at"}
_TRANSACTION: Final = {REQUEST: "request_id"}
_SHOWN: Final = {
    REQUEST: ("request_id", "purpose", "asked"),
    DECISION: ("request_id", "decision", "records", "consents", "trace"),
    ANSWER: ("request_id",),
    RECEIPT: ("request_id", "status", "records"),
    RECORD: ("record_id", "version", "type", "author"),
}
_REQUESTER: Final = ("msp_id", "staff_id", "role")


def describe(kind: str, value: Json) -> dict[str, Json]:
    """The fields of a stored request, decision, answer, receipt or record version that an auditor's list
    shows.

    Raises:
        InputInvalidError: the value is not one of that kind.
    """
    if not isinstance(value, dict):
        raise InputInvalidError("The stored value is not an object.")
    shown: dict[str, Json] = {key: value[key] for key in _SHOWN[kind]}
    shown["at"] = value[_TIME.get(kind, "at")]
    shown["transaction_id"] = value[_TRANSACTION.get(kind, "transaction_id")]
    requester = value.get("requester")
    if isinstance(requester, dict):
        shown["requester"] = {key: requester[key] for key in _REQUESTER}
    if kind == ANSWER:
        shown["records"] = [released.of.value() for released in read_answer(value)]
    return shown
