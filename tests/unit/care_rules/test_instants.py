"""FHIR dateTimes as spans, and their edges."""

from datetime import UTC, datetime, timedelta

import pytest
from care_rules.errors import InputInvalidError
from care_rules.instants import DAY, SECOND, from_datetime, parse_datetime, parse_instant, to_text
from hypothesis import given
from hypothesis import strategies as st


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("2023", "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-12", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-05-01T23:59:59Z", "2024-05-01T23:59:59Z", "2024-05-02T00:00:00Z"),
        ("2024-05-01T00:30:00+02:00", "2024-04-30T22:30:00Z", "2024-04-30T22:30:01Z"),
        ("2024-05-01T00:30:00-14:00", "2024-05-01T14:30:00Z", "2024-05-01T14:30:01Z"),
        ("2024-05-01T00:30:00-00:30", "2024-05-01T01:00:00Z", "2024-05-01T01:00:01Z"),
        ("2024-05-01T00:00:00.5Z", "2024-05-01T00:00:00.500000Z", "2024-05-01T00:00:00.600000Z"),
        ("2024-05-01T00:00:00.000001Z", "2024-05-01T00:00:00.000001Z", "2024-05-01T00:00:00.000002Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z"),
    ],
)
def test_a_datetime_lasts_as_long_as_its_last_part(text: str, start: str, end: str) -> None:
    span = parse_datetime(text)
    assert (span.start, span.end) == (at(start), at(end))


def test_the_last_year_has_an_end() -> None:
    span = parse_datetime("9999-12-31")
    assert span.end - span.start == DAY


@pytest.mark.parametrize(
    "text",
    [
        "", "24", "0000", "2024-13", "2024-00", "2024-1", "2023-02-29", "2024-04-31", "2024-05-01T",
        "2024-05-01T10:00Z", "2024-05-01T10:00:00", "2024-05-01T24:00:00Z", "2024-05-01T10:60:00Z",
        "2024-05-01T10:00:61Z", "2024-05-01T10:00:00+14:30", "2024-05-01T10:00:00+15:00",
        "2024-05-01T10:00:00.Z", "2024-05-01T10:00:00.1234567Z", "2024-05-01 10:00:00Z",
        "2024-05-01t10:00:00z",
        "2024\n", " 2024", "٢٠٢٤", "-2024", "2024-05-01T10:00:00Z\n",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputInvalidError):
        parse_datetime(text)


def test_an_instant_has_a_time_and_a_zone() -> None:
    assert parse_instant("2024-05-01T10:00:00Z") == at("2024-05-01T10:00:00Z")
    for text in ("2024", "2024-05", "2024-05-01"):
        with pytest.raises(InputInvalidError):
            parse_instant(text)


@given(st.integers(from_datetime(datetime(1, 1, 1, tzinfo=UTC)), at("9999-12-31T23:59:59Z")))
def test_text_and_instant_are_the_same(instant: int) -> None:
    assert parse_instant(to_text(instant)) == instant


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_zones_do_not_move_an_instant(moment: datetime, minutes: int) -> None:
    moment = moment.replace(tzinfo=UTC)
    local = (moment + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(timespec="microseconds")
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert parse_instant(f"{local}{zone}") == from_datetime(moment)


@given(st.integers(0, 4 * 10**15))
def test_times_sort_as_their_text_does(instant: int) -> None:
    assert to_text(instant) < to_text(instant + 1) < to_text(instant + SECOND)
