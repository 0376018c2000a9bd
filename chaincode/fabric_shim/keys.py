"""Ledger keys: composite keys and ranges, byte for byte as fabric-chaincode-go forms them (shim/stub.go)."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_shim.errors import KeyFormatError

_SEPARATOR = "\x00"
_LAST_RUNE = "\U0010ffff"
# A range from the very start would run over the composite keys, which begin with U+0000.
_FIRST_SIMPLE_KEY = "\x01"
ALL_COMPOSITE_KEYS = (_SEPARATOR, _SEPARATOR + _LAST_RUNE)
"""The range (start included, end excluded) of all composite keys."""


def create_composite_key(object_type: str, attributes: Sequence[str]) -> str:
    """Join an object type and its attributes to one key: ``U+0000 type U+0000 attribute U+0000 …``.

    :raises KeyFormatError: a part contains U+0000 or U+10FFFF or cannot be written as UTF-8.
    """
    parts = (object_type, *attributes)
    for position, part in enumerate(parts):
        _check_part(part, position)
    return _SEPARATOR + "".join(part + _SEPARATOR for part in parts)


def split_composite_key(composite_key: str) -> tuple[str, list[str]]:
    """Take a composite key apart into its object type and attributes.

    :raises KeyFormatError: it is not a composite key.
    """
    if len(composite_key) < 2 or composite_key[0] != _SEPARATOR or composite_key[-1] != _SEPARATOR:  # noqa: PLR2004 - two separators
        raise KeyFormatError("The key is not a composite key; make it with create_composite_key.")
    object_type, *attributes = composite_key[1:-1].split(_SEPARATOR)
    return object_type, attributes


def composite_range(object_type: str, attributes: Sequence[str]) -> tuple[str, str]:
    """Give the range (start included, end excluded) of all composite keys that begin with these parts."""
    prefix = create_composite_key(object_type, attributes)
    return prefix, prefix + _LAST_RUNE


def simple_range(start_key: str, end_key: str) -> tuple[str, str]:
    """Give the range of simple keys from ``start_key`` to before ``end_key``; empty means open.

    :raises KeyFormatError: a bound lies among the composite keys.
    """
    for key in (start_key, end_key):
        check_utf8(key)
        if key.startswith(_SEPARATOR):
            raise KeyFormatError(
                "A bound of the range begins with U+0000, which is kept for composite keys; "
                "use the query by partial composite key."
            )
    return start_key or _FIRST_SIMPLE_KEY, end_key


def check_key(key: str) -> str:
    """Return the key if it can be written to.

    :raises KeyFormatError: it is empty or cannot be written as UTF-8.
    """
    if not key:
        raise KeyFormatError("The key must not be empty.")
    check_utf8(key)
    return key


def check_collection(collection: str) -> str:
    """Return the collection's name.

    :raises KeyFormatError: it is empty, which would mean the public state, or cannot be written as UTF-8.
    """
    if not collection:
        raise KeyFormatError("The collection must not be empty: that would be the public state.")
    check_utf8(collection)
    return collection


def check_utf8(text: str) -> None:
    """Refuse what has no UTF-8 form (lone surrogates).

    :raises KeyFormatError: the text cannot be written as UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise KeyFormatError("The key or collection cannot be written as UTF-8.") from None


def _check_part(part: str, position: int) -> None:
    check_utf8(part)
    if _SEPARATOR in part or _LAST_RUNE in part:
        name = "object type" if position == 0 else f"attribute {position}"
        raise KeyFormatError(f"The {name} of a composite key must not contain U+0000 or U+10FFFF.")
