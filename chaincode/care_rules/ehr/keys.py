"""Private keys of records: each version under a key of its own, never written twice with other content."""

from typing import Final

from care_rules.keys import Key

RECORD: Final = "record"


def record_key(tag: str, record_id: str, version: int) -> Key:
    """Where a version lies; eight digits, so that keys sort as versions do."""
    return RECORD, (tag, record_id, f"{version:08d}")


def versions_of(tag: str, record_id: str) -> Key:
    """The prefix of all versions of a record."""
    return RECORD, (tag, record_id)


def records_of(tag: str) -> Key:
    """The prefix of all records of a patient."""
    return RECORD, (tag,)
