"""RFC 8785 for our values, and the strict reader."""

import contextlib
import json

import pytest
from care_rules.canonical import MAX_DEPTH, MAX_INTEGER, canonical_json, parse_json
from care_rules.errors import InputInvalidError
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse_json(canonical_json(value)) == value


@given(st.dictionaries(TEXT, st.integers(0, 9)))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_keys_are_sorted_by_utf16_code_units() -> None:
    # RFC 8785, 3.2.3: U+1F600 is a surrogate pair and comes before U+FB33, against their code points.
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2, "1": 3, "\r": 4}).decode() == (
        '{"\\r":4,"1":3,"\U0001f600":2,"\ufb33":1}'
    )


def test_text_is_escaped_as_rfc_8785_says() -> None:
    assert canonical_json("€$\x0f\nA'B\"\\/\x7f").decode() == '"€$\\u000f\\nA\'B\\"\\\\/\x7f"'


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, "\ud800", b"x", {1: 2}, {"a": {3}}]
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InputInvalidError):
        canonical_json({"a": [value]})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{}x",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"-Infinity",
        b"9007199254740992",
        b"9" * 5000,
        b'"\\ud800"',
        b'{"\\ud800":1}',
        b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2),
        b"[" * 200_000,
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(InputInvalidError):
        parse_json(text)


def test_the_size_is_limited() -> None:
    assert parse_json(b'"123"', limit=5) == "123"
    with pytest.raises(InputInvalidError):
        parse_json(b'"1234"', limit=5)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_other_error_escapes(data: bytes) -> None:
    with contextlib.suppress(InputInvalidError):
        parse_json(data)
