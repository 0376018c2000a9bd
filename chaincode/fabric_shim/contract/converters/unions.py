"""``T | None``."""

from __future__ import annotations

from fabric_shim.contract.converters.base import Components, Converter, Schema


class Nullable(Converter):
    """A type or None, which is JSON's null."""

    def __init__(self, inner: Converter) -> None:
        self.inner = inner
        self.expected = f"{inner.expected} or null"
        self.textual = inner.textual

    def load(self, value: object) -> object:
        return None if value is None else self.inner.load(value)

    def dump(self, value: object) -> object:
        return None if value is None else self.inner.dump(value)

    def schema(self, components: Components, /) -> Schema:
        schema = self.inner.schema(components)
        if "$ref" in schema and components.nested:
            return {"anyOf": [schema, {"type": "null"}]}
        if "type" in schema:
            schema = {**schema, "type": [schema["type"], "null"]}
        if "enum" in schema:
            schema = {**schema, "enum": [*_values(schema["enum"]), None]}
        # Outside of components the contract schema has no way to say "this reference or null".
        return schema


def _values(enum: object) -> list[object]:
    return list(enum) if isinstance(enum, list) else []
