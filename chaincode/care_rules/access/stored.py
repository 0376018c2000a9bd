"""Requests, decisions, answers and receipts as they lie in the custodian's collection, without their
salts.
"""

from collections.abc import Iterable

from care_rules import instants
from care_rules.access.decide import Decision
from care_rules.access.model import MAX_ASKED, MAX_CLIENT_ID, MAX_GROUPS, AccessRequest, Asked, Requester
from care_rules.access.release import ReleasedKey, Version, read_keys
from care_rules.canonical import Json
from care_rules.fields import HANDLE, Fields


def request_value(request: AccessRequest) -> dict[str, Json]:
    """The value of a request."""
    requester = request.requester
    return {
        "request_id": request.request_id,
        "requested_at": instants.to_text(request.requested_at),
        "requester": {
            "msp_id": requester.msp_id,
            "staff_id": requester.staff_id,
            "client_id": requester.client_id,
            "role": requester.role,
            "groups": list(requester.groups),
        },
        "handle": request.asked.handle,
        "purpose": request.asked.purpose,
        "asked": request.asked.selection(),
    }


def read_request(value: Json) -> AccessRequest:
    """A request as it was stored."""
    with Fields.of(value, "stored") as fields:
        fields.take("salt")
        with fields.child("requester") as who:
            requester = Requester(
                msp_id=who.text("msp_id"),
                staff_id=who.text("staff_id"),
                client_id=who.text("client_id", limit=MAX_CLIENT_ID),
                role=who.text("role"),
                groups=who.texts("groups", most=MAX_GROUPS),
            )
        with fields.child("asked") as asked:
            record_ids, types = _selected(asked, "record_ids"), _selected(asked, "types")
        return AccessRequest(
            request_id=fields.text("request_id"),
            requested_at=instants.parse_instant(fields.text("requested_at")),
            requester=requester,
            asked=Asked(fields.text("handle", pattern=HANDLE), fields.text("purpose"), record_ids, types),
        )


def open_value(request: AccessRequest) -> dict[str, Json]:
    """The value of the mark that a request is not answered yet."""
    return {
        "request_id": request.request_id,
        "requested_at": instants.to_text(request.requested_at),
        "expires": instants.to_text(request.expires),
    }


def read_open(value: Json) -> dict[str, str]:
    """Such a mark as it was stored, for readers: request_id, requested_at, expires."""
    with Fields.of(value, "stored") as fields:
        fields.take("salt")
        return {key: fields.text(key) for key in ("request_id", "requested_at", "expires")}


def decision_value(request_id: str, decision: Decision, at: str, transaction_id: str) -> dict[str, Json]:
    """The value of a committed decision; `at` is when it was made (RFC 3339)."""
    return {"request_id": request_id, "at": at, "transaction_id": transaction_id, **decision.value()}


def answer_value(
    request_id: str, keys: Iterable[ReleasedKey], at: str, transaction_id: str
) -> dict[str, Json]:
    """The value of an answer: as many keys as records are permitted, perhaps none."""
    return {
        "request_id": request_id,
        "at": at,
        "transaction_id": transaction_id,
        "keys": [released.value() for released in sorted(keys)],
    }


def read_answer(value: Json) -> tuple[ReleasedKey, ...]:
    """The keys of an answer as it was stored."""
    with Fields.of(value, "stored") as fields:
        for key in ("salt", "request_id", "at", "transaction_id"):
            fields.take(key)
        return read_keys(fields, "keys")


def receipt_value(
    request_id: str, status: str, records: Iterable[Version], at: str, transaction_id: str
) -> dict[str, Json]:
    """The value of a receipt: what the requester says it got."""
    return {
        "request_id": request_id,
        "status": status,
        "records": [version.value() for version in sorted(records)],
        "at": at,
        "transaction_id": transaction_id,
    }


def _selected(fields: Fields, key: str) -> tuple[str, ...] | None:
    if fields.null(key):
        return None
    return fields.texts(key, least=1, most=MAX_ASKED)
