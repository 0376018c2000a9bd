"""Dataclasses and typed dictionaries: objects with named fields."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fabric_shim.contract.converters.base import Components, Converter, Mismatch, Schema


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    :ivar name: the attribute or key in Python.
    :ivar wire_name: the key in JSON.
    :ivar required: it must be given.
    :ivar derived: the class computes it; it goes out, and comes in only as what the class computes.
    """

    name: str
    wire_name: str
    converter: Converter
    description: str = ""
    required: bool = True
    derived: bool = False


class Record(Converter):
    """An object with a fixed set of fields.

    :param declared: the dataclass or typed dictionary.
    :param make: makes one from its fields by Python name.
    :param parts: gives a value's fields by Python name.
    """

    expected = "an object"

    def __init__(
        self,
        declared: type,
        make: Callable[..., object],
        parts: Callable[[object, Sequence[Field]], Mapping[str, object]],
    ) -> None:
        self._declared = declared
        self._make = make
        self._parts = parts
        self._fields: tuple[Field, ...] = ()
        self._by_wire_name: dict[str, Field] = {}

    def complete(self, fields: Sequence[Field]) -> None:
        """Give the fields, which may be of the record's own type and so come after it."""
        self._fields = tuple(fields)
        self._by_wire_name = {field.wire_name: field for field in fields}

    def load(self, value: object) -> object:
        if type(value) is not dict:
            raise self.refusal(value)
        found: dict[str, object] = {}
        derived: dict[str, object] = {}
        for key, entry in value.items():
            field = self._by_wire_name.get(key)
            if field is None:
                raise Mismatch(f"has a field that {self._declared.__name__} does not know")
            try:
                (derived if field.derived else found)[field.name] = field.converter.load(entry)
            except Mismatch as mismatch:
                raise mismatch.inside(f".{key}") from None
        for field in self._fields:
            if field.required and not field.derived and field.name not in found:
                raise Mismatch(f"lacks the field {field.wire_name}")
        try:
            made = self._make(**found)
        except ValueError:
            # Its text may hold the value.
            raise Mismatch(f"is refused by {self._declared.__name__}") from None
        for name, given in derived.items():
            if getattr(made, name) != given:
                raise Mismatch(f"has a field with another value than {self._declared.__name__} computes")
        return made

    def dump(self, value: object) -> object:
        parts = self._parts(value, self._fields)
        dumped: dict[str, object] = {}
        for field in self._fields:
            if field.name not in parts:
                continue
            try:
                dumped[field.wire_name] = field.converter.dump(parts[field.name])
            except Mismatch as mismatch:
                raise mismatch.inside(f".{field.wire_name}") from None
        return dumped

    def schema(self, components: Components, /) -> Schema:
        return components.refer(self._declared, lambda: self._describe(components))

    def _describe(self, components: Components) -> Schema:
        described: Schema = {"type": "object", "additionalProperties": False}
        if text := own_docstring(self._declared):
            described["description"] = text
        described["properties"] = {
            field.wire_name: self._property(field, components) for field in self._fields
        }
        # JSON Schema's draft 4, which Fabric's contract schema follows, has no empty list here.
        if required := [f.wire_name for f in self._fields if f.required and not f.derived]:
            described["required"] = required
        return described

    @staticmethod
    def _property(field: Field, components: Components) -> Schema:
        schema = dict(field.converter.schema(components))
        if field.description:
            schema["description"] = field.description
        if field.derived:
            schema["readOnly"] = True
        return schema


def dataclass_record(declared: type) -> Record:
    """Make the converter of a dataclass, its fields still to come."""

    def parts(value: object, fields: Sequence[Field]) -> Mapping[str, object]:
        if not isinstance(value, declared):
            raise Mismatch.of(f"of class {declared.__name__}", value)
        return {field.name: getattr(value, field.name) for field in fields}

    return Record(declared, declared, parts)


def typed_dict_record(declared: type) -> Record:
    """Make the converter of a typed dictionary, its fields still to come."""

    def parts(value: object, fields: Sequence[Field]) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise Mismatch.of(f"of class {declared.__name__}", value)
        if not value.keys() <= {field.name for field in fields}:
            raise Mismatch(f"has a key that {declared.__name__} does not know")
        for field in fields:
            if field.required and field.name not in value:
                raise Mismatch(f"lacks the key {field.name}")
        return value

    return Record(declared, dict, parts)


def own_docstring(declared: type) -> str:
    """Give a class's own docstring; empty for none, and for the one that ``@dataclass`` makes up."""
    text = vars(declared).get("__doc__") or ""
    if dataclasses.is_dataclass(declared) and text.startswith(f"{declared.__name__}("):
        return ""
    return inspect.cleandoc(text)
