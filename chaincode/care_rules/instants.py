"""Points and spans of time, as whole microseconds since 1970-01-01T00:00:00Z (no floats, no clock).

FHIR R4 ``dateTime`` (https://hl7.org/fhir/R4/datatypes.html#dateTime) may be partial: 2026, 2026-11 and
2026-11-23 mean the whole year, month, day. FHIR leaves the zone of a partial date open; here it is UTC, so
that all peers agree. A leap second (:60) is the first second of the following minute, as in POSIX time.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from care_rules.errors import InputInvalidError

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_DATE_TIME: Final = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>0[1-9]|1[0-2])(-(?P<day>0[1-9]|[12][0-9]|3[01])"
    r"(?P<time>T(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)(\.(?P<fraction>[0-9]{1,6}))?"
    r"(?P<zone>Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00))?)?)?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """All instants from ``start`` up to, not including, ``end`` (microseconds since 1970 UTC)."""

    start: int
    end: int


def parse_datetime(text: str) -> Span:
    """The span that a FHIR R4 dateTime means: as long as its last given part (year … microsecond).

    Raises:
        InputInvalidError: not a FHIR dateTime, no such day, or finer than a microsecond.
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None or found["year"] == "0000":
        raise InputInvalidError("This is not a FHIR dateTime (with a time there must be seconds and a zone).")
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    days = calendar.monthrange(year, month)[1]
    if day > days:
        raise InputInvalidError("This is not a FHIR dateTime: the month has no such day.")
    start = (date(year, month, day).toordinal() - _EPOCH_ORDINAL) * DAY
    if found["month"] is None:
        return Span(start, start + (366 if calendar.isleap(year) else 365) * DAY)
    if found["day"] is None:
        return Span(start, start + days * DAY)
    if found["time"] is None:
        return Span(start, start + DAY)
    fraction = found["fraction"] or ""
    unit = 10 ** (6 - len(fraction))
    start += int(found["hour"]) * HOUR + int(found["minute"]) * MINUTE + int(found["second"]) * SECOND
    start += int(fraction or 0) * unit - _offset(found["zone"])
    return Span(start, start + unit)


def parse_instant(text: str) -> int:
    """The start of a FHIR dateTime that has a time and a zone.

    Raises:
        InputInvalidError: anything else.
    """
    if "T" not in text:
        raise InputInvalidError("This is not an instant; give date, time with seconds, and zone.")
    return parse_datetime(text).start


def from_datetime(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_text(instant: int) -> str:
    """RFC 3339 in UTC with six decimals, so that text sorts as time does."""
    moment = _EPOCH + timedelta(microseconds=instant)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    size = int(zone[1:3]) * HOUR + int(zone[4:6]) * MINUTE
    return -size if zone[0] == "-" else size
