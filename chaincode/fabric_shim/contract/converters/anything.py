"""``object``: any JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final

from fabric_shim.contract.converters.base import Components, Converter, JsonNumber, Mismatch, Schema
from fabric_shim.contract.converters.containers import each, entries
from fabric_shim.contract.converters.scalars import BYTES, DECIMAL
from fabric_shim.contract.converters.times import DAY, INSTANT

_PLAIN: Final = frozenset({str, int, bool, type(None)})


class Anything(Converter):
    """Any JSON on the way in; numbers with a fraction or an exponent arrive as Decimal, exactly.

    On the way out, such a number is a number again, and any type that a declaration may name is written as if
    it were declared. Only float has to be declared.

    :param declared: gives the converter of a dataclass or an enum that is met on the way out.
    """

    expected = "JSON"

    def __init__(self, declared: Callable[[type], Converter]) -> None:
        self._declared = declared

    def load(self, value: object) -> object:
        return value

    def dump(self, value: object) -> object:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind in _DUMPS:
            return _DUMPS[kind](value)
        if isinstance(value, date):
            return (INSTANT if isinstance(value, datetime) else DAY).dump(value)
        if isinstance(value, Mapping):
            return entries(self.dump, value)
        if isinstance(value, list | tuple):
            return each(self.dump, value)
        if isinstance(value, Enum) or dataclasses.is_dataclass(kind):
            return self._declared(kind).dump(value)
        if isinstance(value, float):
            raise Mismatch("must not be a float unless it is declared as one")
        raise Mismatch(f"must be of a type that has a JSON form, not {kind.__qualname__}")

    def schema(self, _components: Components, /) -> Schema:
        return {}


def _number(value: object) -> object:
    number = float(value) if isinstance(value, JsonNumber) else 0.0
    if Decimal(repr(number)) != value:
        raise Mismatch("has a number of more than double precision; declare it as Decimal")
    return number


_DUMPS: Final[Mapping[type, Callable[[object], object]]] = {
    JsonNumber: _number,
    Decimal: DECIMAL.dump,
    bytes: BYTES.dump,
}
