"""What callers give, checked before anything is made of it. Errors repeat no value: it may be data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from fabric_gateway.errors import ArgumentError


def text(value: object, what: str) -> str:
    """A name.

    Raises:
        ArgumentError: it is no str, or has no form in UTF-8.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{what} is of type {type(value).__name__}; give a str")
    _encoded(value, what)
    return value


def chaincode_arguments(values: object) -> list[bytes]:
    """The arguments of a function, as they are sent.

    Raises:
        ArgumentError: one of them is neither str nor bytes, or they are one str.
    """
    return [_argument(value, index) for index, value in enumerate(_several(values, "arguments"))]


def organizations(values: object) -> tuple[str, ...]:
    """MSP IDs.

    Raises:
        ArgumentError: one of them is no str, or they are one str.
    """
    return tuple(text(value, "an organisation's MSP ID") for value in _several(values, "organisations"))


def transient(values: object) -> dict[str, bytes]:
    """Transient content; None: none.

    Raises:
        ArgumentError: it is no mapping of str to bytes.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ArgumentError(f"transient is of type {type(values).__name__}; give a dict of str to bytes")
    for value in values.values():
        if not isinstance(value, bytes):
            raise ArgumentError(f"a transient value is of type {type(value).__name__}; give bytes")
    return {text(key, "a key of transient"): value for key, value in values.items()}


def timeout(seconds: object) -> None:
    """A limit; None: none.

    Raises:
        ArgumentError: it is no number.
    """
    if seconds is not None and not _is_number(seconds):
        raise ArgumentError("a timeout is no number; give seconds, as int or float")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and value == value  # noqa: PLR0124 - NaN differs from itself


def _several(values: object, what: str) -> list[object]:
    if isinstance(values, str | bytes | bytearray | memoryview):
        raise ArgumentError(f"{what} are one {type(values).__name__}; give a list, even of one")
    if not isinstance(values, Iterable):
        raise ArgumentError(f"{what} are of type {type(values).__name__}; give a list")
    return list(values)


def _argument(value: object, index: int) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ArgumentError(f"argument {index} is of type {type(value).__name__}; give a str or bytes")
    return _encoded(value, f"argument {index}")


def _encoded(value: str, what: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        # Without its cause, which carries the value.
        raise ArgumentError(f"{what} holds half of a surrogate pair, which UTF-8 has no form for") from None
