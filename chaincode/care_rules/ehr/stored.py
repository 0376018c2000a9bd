"""A version as it lies in the custodian's collection: the entry, who wrote it, when, in which transaction."""

from collections.abc import Iterable
from dataclasses import dataclass

from care_rules.canonical import Json
from care_rules.ehr.model import Entry, read_entry
from care_rules.fields import Fields


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One stored version; ``published_at`` is RFC 3339 in UTC."""

    entry: Entry
    published_at: str
    transaction_id: str
    author_msp_id: str
    author_staff_id: str

    def value(self) -> dict[str, Json]:
        """The stored JSON, without its salt."""
        return {**self.entry.value(), **self._origin()}

    def description(self) -> dict[str, Json]:
        """The JSON for readers: without handle and sealed key."""
        return {**self.entry.description(), **self._origin()}

    def _origin(self) -> dict[str, Json]:
        return {
            "published_at": self.published_at,
            "transaction_id": self.transaction_id,
            "author": {"msp_id": self.author_msp_id, "staff_id": self.author_staff_id},
        }


def read_stored(value: Json) -> StoredEntry:
    """A version as it was stored."""
    with Fields.of(value, "stored") as fields:
        fields.take("salt")
        entry = read_entry(fields)
        with fields.child("author") as author:
            msp_id, staff_id = author.text("msp_id"), author.text("staff_id")
        return StoredEntry(
            entry, fields.text("published_at"), fields.text("transaction_id"), msp_id, staff_id
        )


def newest(versions: Iterable[StoredEntry]) -> list[StoredEntry]:
    """The newest version of each record, by record id."""
    latest: dict[str, StoredEntry] = {}
    for stored in versions:
        known = latest.get(stored.entry.record_id)
        if known is None or stored.entry.version > known.entry.version:
            latest[stored.entry.record_id] = stored
    return [latest[record_id] for record_id in sorted(latest)]
