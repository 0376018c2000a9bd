"""Values in the state: canonical JSON both ways."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fabric_shim.contract import from_json, to_json, wire_name
from fabric_shim.errors import ShimError


@dataclass(frozen=True)
class Car:
    color: str
    price: Decimal
    ratio: float = 0.5
    seen: tuple[datetime, ...] = ()
    number: int = field(default=1, metadata=wire_name("No"))


CAR = Car("rot", Decimal("1.50"), 2.0, (datetime(2026, 1, 1, tzinfo=UTC),))


def test_values_are_written_canonically_and_read_back() -> None:
    data = to_json(CAR)
    assert data == b'{"No":1,"color":"rot","price":"1.50","ratio":2.0,"seen":["2026-01-01T00:00:00Z"]}'
    assert from_json(Car, data) == CAR
    assert from_json(list[Car], to_json([CAR, CAR])) == [CAR, CAR]


@dataclass
class Square:
    side: int
    area: int = field(init=False)

    def __post_init__(self) -> None:
        self.area = self.side**2


def test_computed_fields_are_written_and_read_back() -> None:
    assert to_json(Square(3)) == b'{"area":9,"side":3}'
    assert from_json(Square, b'{"area":9,"side":3}') == from_json(Square, b'{"side":3}') == Square(3)
    with pytest.raises(ShimError, match="another value than Square computes"):
        from_json(Square, b'{"area":8,"side":3}')


def test_text_is_json_text_here() -> None:
    assert to_json("ü") == '"ü"'.encode()
    assert from_json(str, b'"\\u00fc"') == "ü"
    assert to_json(None) == b"null"


def test_numbers_of_any_json_stay_numbers() -> None:
    value = from_json(object, b'{"b": 1.50, "a": [1e2, -0.25]}')  # type: ignore[type-abstract]
    assert value == {"b": Decimal("1.50"), "a": [Decimal("1e2"), Decimal("-0.25")]}
    assert to_json(value) == b'{"a":[100.0,-0.25],"b":1.5}'


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{}", "The value lacks the field color."),
        (b"secret", "The value must be an object, not text that is no JSON."),
        (b"\xff", "The value must be text in UTF-8, not other bytes."),
        (b'{"color": 1}', "The value.color must be a string, not an integer."),
        (b"[" * 100_000, "The value is nested too deeply."),
        (b'{"color": "secret", "color": "b"}', "The value has a key twice in one object."),
    ],
)
def test_what_is_not_of_the_type_is_named_without_its_value(data: bytes, problem: str) -> None:
    with pytest.raises(ShimError, match=re.escape(problem)) as caught:
        from_json(Car, data)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (1.5, "The value must not be a float unless it is declared as one."),
        (from_json(object, b"0.1234567890123456789"), "The value has a number of more than double precision"),
        (from_json(object, b"1e400"), "The value has a number of more than double precision"),
        (Decimal("1E+9999"), "The value has a number with an exponent beyond 6144."),
        ({"a": {1}}, "The value{} must be of a type that has a JSON form, not set."),
    ],
)
def test_what_has_no_canonical_form(value: object, problem: str) -> None:
    with pytest.raises(ShimError, match=re.escape(problem)):
        to_json(value)


def test_a_type_may_be_met_first_by_several_threads() -> None:
    @dataclass
    class Fresh:
        value: int
        when: datetime | None = None

    results: list[bytes] = []
    barrier = threading.Barrier(8)

    def convert() -> None:
        barrier.wait()
        results.append(to_json([Fresh(1), {"x": Fresh(2)}]))

    threads = [threading.Thread(target=convert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [b'[{"value":1,"when":null},{"x":{"value":2,"when":null}}]'] * 8
