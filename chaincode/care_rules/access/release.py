"""Which version of which record, and its data key sealed to who asked."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from care_rules.canonical import Json
from care_rules.errors import InputInvalidError
from care_rules.fields import HANDLE, Fields

MAX_RECORDS: Final = 1000
"""How many records one answer can release; a request that would permit more is denied, and can be
narrowed.
"""

SEALED_KEY_BYTES: Final = 3072


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """One version of one record."""

    record_id: str
    version: int

    def value(self) -> dict[str, Json]:
        """The JSON of it."""
        return {"record_id": self.record_id, "version": self.version}


@dataclass(frozen=True, slots=True, order=True)
class ReleasedKey:
    """A data key, sealed to the requester's institution (base64)."""

    of: Version
    sealed_key: str

    def value(self) -> dict[str, Json]:
        """The JSON of it."""
        return {**self.of.value(), "sealed_key": self.sealed_key}


def read_versions(fields: Fields, key: str) -> tuple[Version, ...]:
    """Takes a list of different versions, in order.

    Raises:
        InputInvalidError: malformed, or one is given twice.
    """
    versions = []
    for item in fields.children(key, most=MAX_RECORDS):
        with item:
            versions.append(_version(item))
    return _different(versions, fields.at(key))


def read_keys(fields: Fields, key: str) -> tuple[ReleasedKey, ...]:
    """Takes a list of sealed keys of different versions, in order.

    Raises:
        InputInvalidError: malformed, or a version is given twice.
    """
    keys = []
    for item in fields.children(key, most=MAX_RECORDS):
        with item:
            sealed = item.base64("sealed_key", limit=SEALED_KEY_BYTES)
            keys.append(ReleasedKey(_version(item), base64.b64encode(sealed).decode()))
    _different([released.of for released in keys], fields.at(key))
    return tuple(sorted(keys))


def _version(fields: Fields) -> Version:
    return Version(fields.text("record_id", pattern=HANDLE), fields.integer("version", 1, 99_999_999))


def _different(versions: Iterable[Version], path: str) -> tuple[Version, ...]:
    ordered = sorted(versions)
    if len(set(ordered)) != len(ordered):
        raise InputInvalidError(f"{path} holds a record version twice.")
    return tuple(ordered)
