"""Types with a fixed set of values: enums and literals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import get_args

from fabric_shim.contract.converters.base import Components, Converter, Schema, UnsupportedTypeError

_JSON_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer"}


class Choice(Converter):
    """One of some strings, integers or booleans, each standing for a Python value.

    :param name: what an error calls the type.
    :param members: JSON value → Python value.
    """

    def __init__(self, name: str, members: Mapping[object, object]) -> None:
        if not members:
            raise UnsupportedTypeError(f"a transaction cannot carry {name}: it has no values")
        for value in members:
            if type(value) not in _JSON_TYPES:
                raise UnsupportedTypeError(
                    f"a transaction cannot carry {name}: it has a value that is no string, integer or boolean"
                )
        # By type too: True equals 1, and their hashes as well.
        self._members = {(type(value), value): member for value, member in members.items()}
        self._values = {member: value for value, member in members.items()}
        self._types = {type(value) for value in members}
        self._python_types = {type(member) for member in members.values()}
        self.expected = f"one of {', '.join(json.dumps(value) for value in members)}"
        self.textual = self._types == {str}

    def load(self, value: object) -> object:
        try:
            return self._members[type(value), value]
        except (KeyError, TypeError):
            raise self.refusal(value) from None

    def dump(self, value: object) -> object:
        if type(value) not in self._python_types or value not in self._values:
            raise self.refusal(value)
        return self._values[value]

    def schema(self, _components: Components, /) -> Schema:
        schema: Schema = {"enum": list(self._values.values())}
        if len(self._types) == 1:
            schema["type"] = _JSON_TYPES[next(iter(self._types))]
        return schema


def enum_choice(declared: type[Enum]) -> Choice:
    """An enum, by its members' values."""
    return Choice(declared.__name__, {member.value: member for member in declared})


def literal_choice(annotation: object) -> Choice:
    """``Literal[…]``."""
    values = get_args(annotation)
    if len({(type(value), value) for value in values}) != len(set(values)):
        raise UnsupportedTypeError(f"{annotation} has values that Python holds for equal, such as 1 and True")
    return Choice(str(annotation), {value: value for value in values})
