"""What is asked for, and by whom."""

from dataclasses import dataclass
from typing import Final

from care_rules import instants
from care_rules.canonical import Json
from care_rules.errors import InputInvalidError, PurposeUnknownError
from care_rules.fields import HANDLE, Fields
from care_rules.purposes import PURPOSES
from care_rules.resource_types import RESOURCE_TYPES

LIFETIME: Final = instants.HOUR
"""How long after a request its answer can be given and read (microseconds)."""

MAX_ASKED: Final = 100
MAX_GROUPS: Final = 32
MAX_CLIENT_ID: Final = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose records, for what purpose, and which: by id, by resource type, or all (both None)."""

    handle: str
    purpose: str
    record_ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None

    def selects(self, record_id: str, types: tuple[str, ...]) -> bool:
        """Whether a record of that id and those types is asked for."""
        if self.record_ids is not None:
            return record_id in self.record_ids
        return self.types is None or not set(self.types).isdisjoint(types)

    def selection(self) -> dict[str, Json]:
        """The JSON of which records; null is any."""
        return {
            "record_ids": None if self.record_ids is None else list(self.record_ids),
            "types": None if self.types is None else list(self.types),
        }


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asked, from the certificate: ``client_id`` is Fabric's client id, which a colleague does
    not share.
    """

    msp_id: str
    staff_id: str
    client_id: str
    role: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A committed request; ``request_id`` is its transaction id, ``requested_at`` microseconds since
    1970 UTC.
    """

    request_id: str
    requested_at: int
    requester: Requester
    asked: Asked

    @property
    def expires(self) -> int:
        """From when on nothing is answered or read any more."""
        return self.requested_at + LIFETIME


def parse_asked(value: Json) -> Asked:
    """What a requester's transient input asks for.

    Raises:
        PurposeUnknownError: the purpose is none that is supported.
        InputInvalidError: a key is missing, malformed or unknown, or ids and types are both given.
    """
    with Fields.of(value, "in") as fields:
        handle = fields.text("handle", pattern=HANDLE)
        purpose = fields.text("purpose", limit=32)
        record_ids = types = None
        if fields.has("record_ids"):
            record_ids = fields.texts("record_ids", least=1, most=MAX_ASKED, pattern=HANDLE)
        elif fields.has("types"):
            types = fields.texts("types", least=1, most=MAX_ASKED)
    if purpose not in PURPOSES:
        raise PurposeUnknownError("The purpose is not a supported code of v3-PurposeOfUse.")
    if not set(types or ()) <= RESOURCE_TYPES:
        raise InputInvalidError("in.types must be FHIR R4 resource types.")
    return Asked(handle, purpose, record_ids, types)
