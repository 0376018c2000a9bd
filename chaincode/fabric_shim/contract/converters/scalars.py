"""Strings, numbers and bytes."""

from __future__ import annotations

import base64
import binascii
import decimal
import math
import re
from decimal import Decimal
from enum import Enum
from typing import Final

from fabric_shim.contract.converters.base import (
    Components,
    Converter,
    JsonNumber,
    Mismatch,
    Schema,
    check_exponent,
)


class Exact(Converter):
    """A type whose Python and JSON form are the same: str, bool, int. True is no integer."""

    def __init__(self, wanted: type, expected: str, json_type: str) -> None:
        self._wanted = wanted
        self.expected = expected
        self._json_type = json_type
        self.textual = wanted is str

    def load(self, value: object) -> object:
        if type(value) is not self._wanted:
            raise self.refusal(value)
        return value

    def dump(self, value: object) -> object:
        if type(value) is self._wanted:
            return value
        return self.load(value.value if isinstance(value, Enum) else value)

    def schema(self, _components: Components, /) -> Schema:
        return {"type": self._json_type}


class Float(Converter):
    """A finite binary fraction, written as Python's shortest decimal that reads back as the same."""

    expected = "a number"

    def load(self, value: object) -> object:
        if type(value) is not int and type(value) is not JsonNumber:
            raise self.refusal(value)
        return _finite(value)

    def dump(self, value: object) -> object:
        if type(value) is not int and type(value) is not float:
            raise self.refusal(value)
        return _finite(value)

    def schema(self, _components: Components, /) -> Schema:
        return {"type": "number", "format": "double"}


class DecimalText(Converter):
    """An exact decimal number: a JSON string on the way out, a string or a number on the way in."""

    textual = True
    expected = "a decimal number"

    def load(self, value: object) -> object:
        if type(value) is int or type(value) is JsonNumber:
            return Decimal(value)
        if type(value) is not str or _DECIMAL.fullmatch(value) is None:
            raise self.refusal(value)
        return Decimal(JsonNumber(value))

    def dump(self, value: object) -> object:
        if not isinstance(value, Decimal) or not value.is_finite():
            raise self.refusal(value)
        check_exponent(value)
        return decimal_text(value)

    def schema(self, _components: Components, /) -> Schema:
        return {"type": "string", "format": "decimal"}


class Bytes(Converter):
    """Bytes inside of JSON: base64 (RFC 4648, section 4) with padding, in its one canonical form."""

    expected = "a string in base64"
    textual = True

    def load(self, value: object) -> object:
        if type(value) is not str:
            raise self.refusal(value)
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise self.refusal(value) from None
        # Decoders of other versions and languages disagree about anything but the canonical form.
        if base64.b64encode(data).decode() != value:
            raise self.refusal(value)
        return data

    def dump(self, value: object) -> object:
        if type(value) is not bytes:
            raise Mismatch.of("bytes", value)
        return base64.b64encode(value).decode()

    def schema(self, _components: Components, /) -> Schema:
        return {"type": "string", "format": "byte"}


STRING: Final = Exact(str, "a string", "string")
BOOLEAN: Final = Exact(bool, "a boolean", "boolean")
INTEGER: Final = Exact(int, "an integer", "integer")
FLOAT: Final = Float()
DECIMAL: Final = DecimalText()
BYTES: Final = Bytes()

# Decimal itself also takes underscores, spaces, other scripts' digits, NaN and infinity.
_DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

# An own context: what a contract does to the thread's context must not change what is written.
_DECIMAL_FORM: Final = decimal.Context(capitals=1)


def decimal_text(value: Decimal) -> str:
    """Write a finite decimal with all its digits, such as ``1.50`` or ``1E+3``."""
    return _DECIMAL_FORM.to_sci_string(value)


def _finite(value: int | float | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Mismatch("must be a finite number of double precision")
    return number
