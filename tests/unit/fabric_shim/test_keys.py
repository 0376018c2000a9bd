"""Composite keys and ranges."""

from __future__ import annotations

import pytest
from fabric_shim import keys
from fabric_shim.errors import KeyFormatError
from hypothesis import given
from hypothesis import strategies as st

parts = st.text(st.characters(exclude_characters="\x00\U0010ffff", exclude_categories=["Cs"]))


def test_composite_key_is_null_separated() -> None:
    assert keys.create_composite_key("record", ["tag", "", "ü"]) == "\x00record\x00tag\x00\x00ü\x00"
    assert keys.create_composite_key("record", []) == "\x00record\x00"


@given(parts, st.lists(parts))
def test_split_undoes_create(object_type: str, attributes: list[str]) -> None:
    assert keys.split_composite_key(keys.create_composite_key(object_type, attributes)) == (
        object_type,
        attributes,
    )


@given(parts, st.lists(parts), st.lists(parts))
def test_partial_range_holds_what_begins_with_the_parts(
    object_type: str, attributes: list[str], more: list[str]
) -> None:
    start, end = (bound.encode() for bound in keys.composite_range(object_type, attributes))
    assert start <= keys.create_composite_key(object_type, attributes + more).encode() < end
    longer = keys.create_composite_key(object_type + "x", attributes).encode()
    assert not start <= longer < end


@pytest.mark.parametrize("bad", ["a\x00b", "\U0010ffff", "\ud800"])
def test_parts_that_no_composite_key_can_hold(bad: str) -> None:
    with pytest.raises(KeyFormatError, match=r"object type|UTF-8"):
        keys.create_composite_key(bad, [])
    with pytest.raises(KeyFormatError, match=r"attribute 2|UTF-8") as caught:
        keys.create_composite_key("t", ["a", bad])
    assert bad not in str(caught.value)


@pytest.mark.parametrize("bad", ["", "simple", "\x00", "\x00open", "closed\x00"])
def test_split_refuses_simple_keys(bad: str) -> None:
    with pytest.raises(KeyFormatError):
        keys.split_composite_key(bad)


def test_simple_ranges_leave_composite_keys_out() -> None:
    assert keys.simple_range("", "") == ("\x01", "")
    assert keys.simple_range("a", "b") == ("a", "b")
    for bounds in (("\x00a", ""), ("", "\x00a"), ("\ud800", "")):
        with pytest.raises(KeyFormatError):
            keys.simple_range(*bounds)


def test_keys_and_collections_are_not_empty() -> None:
    with pytest.raises(KeyFormatError, match="key"):
        keys.check_key("")
    with pytest.raises(KeyFormatError, match="collection"):
        keys.check_collection("")
