"""What the chaincode's evaluated functions answer, as typed values."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from care_rules.canonical import parse_json
from care_rules.errors import InputInvalidError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from carechannel.errors import UnexpectedReplyError

Text = Annotated[str, Field(repr=False)]


class Reply(BaseModel):
    """A reply; fields that a later chaincode adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


R = TypeVar("R", bound=Reply)


def parse(kind: type[R], data: bytes) -> R:
    """Reads a reply.

    Raises:
        UnexpectedReplyError: it is not of that kind.
    """
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        places = {".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)}
        raise UnexpectedReplyError(
            f"The chaincode's reply is not the one that this version of CareChannel knows "
            f"({', '.join(sorted(places)[:3])}); use the version that the consortium runs."
        ) from error


def event_names(payload: bytes, key: str, wanted: str) -> bool:
    """Whether an event's payload has that value under a key.

    Any member's peer can endorse an event with any payload, so one that is no JSON is merely not meant.
    """
    try:
        content = parse_json(payload)
    except InputInvalidError:
        return False
    return isinstance(content, dict) and content.get(key) == wanted


class Institution(Reply):
    """A member as it is registered on the channel."""

    msp_id: str
    name: str
    role: str
    jurisdiction: str
    hpke_public_key: str
    status: Literal["proposed", "active"]
    digest: str
    registered_at: str
    approvals: tuple[str, ...]


class Institutions(Reply):
    institutions: tuple[Institution, ...]


class CustodyStatus(Reply):
    open: bool


class Binding(Reply):
    """A patient's handle, bound to a public key."""

    handle: Text
    public_key: str
    home: str
    version: int
    bound_at: str


class Blob(Reply):
    digest: str
    size: int


class RecordVersion(Reply):
    """One version of a record as the custodian's index holds it."""

    record_id: str
    version: int
    type: str
    types: tuple[str, ...]
    category: tuple[str, ...]
    date: str | None
    labels: tuple[str, ...]
    media_type: str
    size: int
    blob: Blob
    commitment: str
    published_at: str
    transaction_id: str


class Records(Reply):
    records: tuple[RecordVersion, ...]


class RecordHistory(Reply):
    versions: tuple[RecordVersion, ...]
    finding: str | None


class ConsentEntry(Reply):
    """A consent as one custodian holds it; `consent` is the FHIR resource."""

    consent_id: str
    version: int
    status: Literal["active", "inactive"]
    consent: dict[str, object] = Field(repr=False)
    granted_at: str
    revoked_at: str | None
    transaction_id: str
    finding: str | None


class Consents(Reply):
    consents: tuple[ConsentEntry, ...]


class PendingRequest(Reply):
    request_id: str
    requested_at: str
    expires: str


class PendingRequests(Reply):
    requests: tuple[PendingRequest, ...]


class Requester(Reply):
    msp_id: str
    staff_id: str
    role: str
    hpke_public_key: str | None


class SealedRecord(Reply):
    """A record with its key sealed to somebody: to the custodian in a decision, to the requester in an
    outcome."""

    record_id: str
    version: int
    type: str
    media_type: str
    size: int
    blob: Blob
    commitment: str
    sealed_key: Text


class Decision(Reply):
    request_id: str
    decision: Literal["permit", "deny"]
    requested_at: str
    expires: str
    requester: Requester
    records: tuple[SealedRecord, ...]
    finding: Text


class Outcome(Reply):
    """What the requester may know: not yet, no, or these records."""

    status: Literal["pending", "not-available", "available"]
    records: tuple[SealedRecord, ...] = ()
    expires: str | None = None


class AuditEntry(Reply):
    """A stored value in full, with what it says in the fields beside it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: Literal["request", "decision", "answer", "receipt", "record"]
    request_id: str | None = None
    transaction_id: str
    at: str
    collection: str
    key: str
    value: Text


class AuditEntries(Reply):
    entries: tuple[AuditEntry, ...]
    bookmark: str = ""
