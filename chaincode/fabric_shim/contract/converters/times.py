"""Instants and days, as RFC 3339 writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from fabric_shim.contract.converters.base import Components, Converter, Mismatch, Schema

# Python's own parsers take more than RFC 3339, and not the same in every version.
_INSTANT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(?:\.(\d{1,6})0*)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Instant(Converter):
    """An aware datetime. Any offset on the way in, UTC (``Z``) on the way out; microseconds at the finest."""

    textual = True
    expected = "a date-time of RFC 3339 with its offset, at most microseconds"

    def load(self, value: object) -> object:
        found = _INSTANT.fullmatch(value) if type(value) is str else None
        if found is None:
            raise self.refusal(value)
        day, hour, rest, fraction, offset = found.groups()
        text = f"{day}T{hour}{rest}.{fraction or '0':0<6}{'+00:00' if offset in 'Zz' else offset}"
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise self.refusal(value) from None

    def dump(self, value: object) -> object:
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise Mismatch.of("an aware datetime", value)
        return instant_text(value)

    def schema(self, _components: Components, /) -> Schema:
        return {"type": "string", "format": "date-time"}


class Day(Converter):
    """A calendar day."""

    textual = True
    expected = "a date of RFC 3339"

    def load(self, value: object) -> object:
        if type(value) is not str or _DAY.fullmatch(value) is None:
            raise self.refusal(value)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.refusal(value) from None

    def dump(self, value: object) -> object:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise Mismatch.of("a date", value)
        return value.isoformat()

    def schema(self, _components: Components, /) -> Schema:
        return {"type": "string", "format": "date"}


INSTANT: Final = Instant()
DAY: Final = Day()


def instant_text(value: datetime) -> str:
    """Write an aware datetime in UTC, with a fraction only if there is one."""
    try:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise Mismatch("must be a datetime whose year in UTC has four digits") from None
