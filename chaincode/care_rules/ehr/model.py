"""An index entry: what the custodian's collection holds about one version of a sealed record."""

import base64
from dataclasses import dataclass
from typing import Final

from care_rules import instants
from care_rules.canonical import Json
from care_rules.errors import InputInvalidError
from care_rules.fields import DIGEST, HANDLE, Fields
from care_rules.resource_types import RESOURCE_TYPES

MAX_VERSION: Final = 99_999_999
MAX_SIZE: Final = 2**40
SEALED_KEY_BYTES: Final = 3072


@dataclass(frozen=True, slots=True)
class Blob:
    """The ciphertext: SHA-256 in hex and size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one record.

    ``kind`` is the FHIR type of the whole (``type`` in JSON), ``types`` every resource type that it holds,
    ``size`` the plaintext's bytes, ``commitment`` SHA-256(salt ‖ plaintext) in hex, ``sealed_key`` the data
    key sealed to the custodian, in base64.
    """

    handle: str
    record_id: str
    version: int
    kind: str
    types: tuple[str, ...]
    category: tuple[str, ...]
    date: str | None
    labels: tuple[str, ...]
    media_type: str
    size: int
    blob: Blob
    commitment: str
    sealed_key: str

    def description(self) -> dict[str, Json]:
        """The JSON of everything but the handle and the sealed key."""
        return {
            "record_id": self.record_id,
            "version": self.version,
            "type": self.kind,
            "types": list(self.types),
            "category": list(self.category),
            "date": self.date,
            "labels": list(self.labels),
            "media_type": self.media_type,
            "size": self.size,
            "blob": {"digest": self.blob.digest, "size": self.blob.size},
            "commitment": self.commitment,
        }

    def value(self) -> dict[str, Json]:
        """The whole JSON, as it is published and stored."""
        return {**self.description(), "handle": self.handle, "sealed_key": self.sealed_key}


def read_entry(fields: Fields) -> Entry:
    """Takes an entry's keys from an object.

    Raises:
        InputInvalidError: a key is missing or malformed, or type and types contradict each other.
    """
    entry = Entry(
        handle=fields.text("handle", pattern=HANDLE),
        record_id=fields.text("record_id", pattern=HANDLE),
        version=fields.integer("version", 1, MAX_VERSION),
        kind=fields.text("type"),
        types=fields.texts("types", least=1, most=200),
        category=fields.texts("category", most=32, limit=128),
        date=_date(fields),
        labels=fields.texts("labels", most=32, limit=256),
        media_type=fields.text("media_type", limit=128),
        size=fields.integer("size", 1, MAX_SIZE),
        blob=_blob(fields.child("blob")),
        commitment=fields.text("commitment", pattern=DIGEST),
        sealed_key=base64.b64encode(fields.base64("sealed_key", limit=SEALED_KEY_BYTES)).decode(),
    )
    if not {entry.kind, *entry.types} <= RESOURCE_TYPES:
        raise InputInvalidError(f"{fields.at('type')} and types must be FHIR R4 resource types.")
    if entry.kind != "Bundle" and entry.kind not in entry.types:
        raise InputInvalidError(f"{fields.at('types')} must hold the record's own type.")
    return entry


def _date(fields: Fields) -> str | None:
    if fields.null("date"):
        return None
    text = fields.text("date", limit=40)
    try:
        instants.parse_datetime(text)
    except InputInvalidError as error:
        raise InputInvalidError(f"{fields.at('date')} is not a FHIR dateTime. {error}") from error
    return text


def _blob(fields: Fields) -> Blob:
    with fields:
        return Blob(fields.text("digest", pattern=DIGEST), fields.integer("size", 1, MAX_SIZE))
