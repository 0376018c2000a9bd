"""Values in the state: canonical JSON both ways."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from fabric_shim.contract import JsonSerializer, from_json, to_json, wire_name
from fabric_shim.contract.serializer import decode
from fabric_shim.errors import ArgumentError, ShimError


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


@dataclass
class Chain:
    """One of itself in each other one, in an array: the most frames of Python for each bracket."""

    next: list[Chain | None]


def chain(brackets: int) -> Chain:
    made = Chain([])
    for _ in range(brackets // 2 - 1):
        made = Chain([made])
    return made


def nested(depth: int) -> list[object]:
    made: list[object] = []
    for _ in range(depth - 1):
        made = [made]
    return made


def test_the_depth_that_may_be_is_the_same_for_every_python() -> None:
    """Where Python gives up depends on its version: endorsers must not find out."""
    for deepest in (b"[" * 200 + b"]" * 200, b'{"a":' * 200 + b"1" + b"}" * 200):
        assert to_json(from_json(object, deepest)) == deepest  # type: ignore[type-abstract]
    assert to_json(nested(200)) == b"[" * 200 + b"]" * 200
    written = to_json(chain(200))
    assert from_json(Chain, written) == chain(200)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 201 + b"]" * 201,
        b'{"a":' * 201 + b"1" + b"}" * 201,
        b"[]," * 500 + b"[" * 201,  # no JSON, and too deep: it is told of its depth wherever it is read
        b'["a\\"b", ' + b"[" * 200 + b"]" * 200 + b"]",
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_what_is_deeper_is_refused_alike(data: bytes) -> None:
    for declared in (object, Car, Chain, list[int]):
        with pytest.raises(ShimError, match=r"^The value is nested too deeply\.$"):
            from_json(declared, data)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"^The argument a is nested too deeply\.$"):
        decode("a", JsonSerializer().decoder(object), data)


@pytest.mark.parametrize("value", [nested(201), nested(330), nested(5000), chain(202), chain(2000)])
def test_what_is_deeper_is_not_written_either(value: object) -> None:
    with pytest.raises(ShimError, match=r"^The value is nested too deeply, or in itself\.$"):
        to_json(value)
    with pytest.raises(ShimError, match=r"^The result is nested too deeply, or in itself\.$"):
        JsonSerializer().encoder(type(value))(value)


@pytest.mark.parametrize(
    "text", ["[" * 1000, "{[" * 500, "\\" + "[" * 1000, '"' + "[" * 1000, '\\"' * 3 + "[" * 1000]
)
def test_brackets_in_text_are_no_depth(text: str) -> None:
    assert from_json(list[str], to_json([text])) == [text]
    assert from_json(list[list[str]], to_json([[text]] * 300)) == [[text]] * 300


def test_wide_is_not_deep() -> None:
    wide = b"[" + b",".join([b"[[]]"] * 1000) + b"]"
    assert to_json(from_json(object, wide)) == wide  # type: ignore[type-abstract]


@pytest.mark.parametrize("annotation", [object, int, list[str], int | None, datetime, dict[str, bytes]])
def test_a_json_argument_has_a_limit(annotation: object) -> None:
    # A refusal, before anything is made of it.
    with pytest.raises(
        ArgumentError, match=r"^The argument a has 16777217 bytes; it may have 16777216 at most"
    ):
        decode("a", JsonSerializer().decoder(annotation), b"9" * (2**24 + 1))
    with pytest.raises(ArgumentError, match=r"^The argument a has 11 bytes; it may have 10 at most\.$"):
        decode("a", JsonSerializer(max_json_bytes=10).decoder(annotation), b'[["secret"]')


@pytest.mark.parametrize("annotation", [str, bytes, str | None, bytes | None])
def test_text_and_bytes_have_the_peers_limit_only(annotation: object) -> None:
    decoded = decode("a", JsonSerializer(max_json_bytes=10).decoder(annotation), b"x" * 1000)
    assert decoded in ("x" * 1000, b"x" * 1000)
    assert decode("a", JsonSerializer(max_json_bytes=10).decoder(list[int]), b"[1,2,3,45]") == [1, 2, 3, 45]
