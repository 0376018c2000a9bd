"""Arrays and objects of one item type each, and tuples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fabric_shim.contract.converters.base import Components, Converter, Mismatch, Schema


class Array(Converter):
    """A list, sequence or ``tuple[T, ...]``.

    :param make: list or tuple.
    """

    expected = "an array"

    def __init__(self, item: Converter, make: Callable[[list[object]], object]) -> None:
        self._item = item
        self._make = make

    def load(self, value: object) -> object:
        if type(value) is not list:
            raise self.refusal(value)
        return self._make(each(self._item.load, value))

    def dump(self, value: object) -> object:
        if not isinstance(value, list | tuple):
            raise Mismatch.of("a list or tuple", value)
        return each(self._item.dump, value)

    def schema(self, components: Components, /) -> Schema:
        return {"type": "array", "items": self._item.schema(components)}


class FixedTuple(Converter):
    """A tuple with a type for each place."""

    def __init__(self, items: Sequence[Converter]) -> None:
        self._items = tuple(items)
        self.expected = f"an array of {len(self._items)}"

    def load(self, value: object) -> object:
        return tuple(self._convert(value, list, [item.load for item in self._items]))

    def dump(self, value: object) -> object:
        return self._convert(value, tuple, [item.dump for item in self._items])

    def schema(self, components: Components, /) -> Schema:
        size = len(self._items)
        items = [item.schema(components) for item in self._items]
        return {"type": "array", "items": items, "minItems": size, "maxItems": size}

    def _convert(
        self, value: object, wanted: type, converts: Sequence[Callable[[object], object]]
    ) -> list[object]:
        if not isinstance(value, list | tuple) or type(value) is not wanted:
            raise self.refusal(value)
        if len(value) != len(converts):
            raise Mismatch(f"must be {self.expected}, not of {len(value)}")
        converted: list[object] = []
        for convert, entry in zip(converts, value, strict=True):
            try:
                converted.append(convert(entry))
            except Mismatch as mismatch:
                raise mismatch.inside(f"[{len(converted)}]") from None
        return converted


class Dictionary(Converter):
    """A dict with string keys. The keys are data: no error names one."""

    expected = "an object"

    def __init__(self, item: Converter) -> None:
        self._item = item

    def load(self, value: object) -> object:
        if type(value) is not dict:
            raise self.refusal(value)
        return entries(self._item.load, value)

    def dump(self, value: object) -> object:
        if not isinstance(value, Mapping):
            raise Mismatch.of("a mapping", value)
        return entries(self._item.dump, value)

    def schema(self, components: Components, /) -> Schema:
        return {"type": "object", "additionalProperties": self._item.schema(components) or True}


def each(convert: Callable[[object], object], values: Sequence[object]) -> list[object]:
    """Convert every item; a mismatch names the item's index."""
    converted: list[object] = []
    try:
        for value in values:
            converted.append(convert(value))  # noqa: PERF401 - its length is the failing item's index
    except Mismatch as mismatch:
        raise mismatch.inside(f"[{len(converted)}]") from None
    return converted


def entries(convert: Callable[[object], object], values: Mapping[object, object]) -> dict[str, object]:
    """Convert every value under its key, which must be a string."""
    converted: dict[str, object] = {}
    for key, value in values.items():
        if type(key) is not str:
            raise Mismatch(f"must have string keys, not {type(key).__qualname__}")
        try:
            converted[key] = convert(value)
        except Mismatch as mismatch:
            raise mismatch.inside("{}") from None
    return converted
