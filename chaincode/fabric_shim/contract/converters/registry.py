"""Finds the converter of a declared type."""

from __future__ import annotations

import collections.abc
import dataclasses
import threading
import types
import typing
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Final

from fabric_shim.contract.converters import choices, containers, records, scalars, times
from fabric_shim.contract.converters.anything import Anything
from fabric_shim.contract.converters.base import Converter, OuterMarker, UnsupportedTypeError
from fabric_shim.contract.converters.records import Field, Record
from fabric_shim.contract.converters.unions import Nullable

JSON_NAME: Final = "json"

_SETS: Final = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
_SAYS: Final[Mapping[object, bool]] = {typing.Required: True, typing.NotRequired: False}
_PARAMETERS: Final[Mapping[object, int]] = {list: 1, Sequence: 1, dict: 2, Mapping: 2}
_records: dict[type, Record] = {}
# Plain functions convert on worker threads, and a record is known by name before it is complete.
_lock: Final = threading.RLock()


def converter_for(annotation: object) -> Converter:  # noqa: PLR0911 - one return per kind of type
    """Give the converter of a declared type.

    :raises UnsupportedTypeError: a transaction cannot carry the type; says which and what to declare instead.
    """
    annotation = plain(annotation)
    if isinstance(annotation, collections.abc.Hashable) and annotation in _SIMPLE:
        return _SIMPLE[annotation]
    origin = typing.get_origin(annotation) or annotation
    inner = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union(annotation, inner)
    if origin is typing.Literal:
        return choices.literal_choice(annotation)
    if origin is tuple:
        return _tuple(inner)
    if len(inner) != _PARAMETERS.get(origin, len(inner)) and inner:
        raise UnsupportedTypeError(f"{annotation} has not as many types in it as there must be")
    if origin in (list, Sequence):
        return containers.Array(converter_for(inner[0] if inner else object), list)
    if origin in (dict, Mapping):
        if inner and plain(inner[0]) is not str:
            raise UnsupportedTypeError(f"{annotation} has keys that are no strings, and JSON knows no others")
        return containers.Dictionary(converter_for(inner[1] if inner else object))
    if origin in _SETS:
        raise UnsupportedTypeError(f"{_named(annotation)} has no order; use a list or a tuple")
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return choices.enum_choice(annotation)
    if isinstance(annotation, type) and (
        dataclasses.is_dataclass(annotation) or typing.is_typeddict(annotation)
    ):
        return _record(annotation)
    raise UnsupportedTypeError(f"a transaction cannot carry the type {_named(annotation)}")


def plain(annotation: object) -> object:
    """Take off what names or annotates a type without changing it: Annotated, NewType, type aliases."""
    while True:
        for note in getattr(annotation, "__metadata__", ()):
            if isinstance(note, OuterMarker):
                raise UnsupportedTypeError(
                    f"{note.name} marks a whole parameter or result, not a part of one"
                )
        if typing.get_origin(annotation) in (typing.Annotated, typing.Required, typing.NotRequired):
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif _is_alias(annotation):
            annotation = getattr(annotation, "__value__", None)
        elif (origin := typing.get_origin(annotation)) is not None and _is_alias(origin):
            annotation = origin.__value__[typing.get_args(annotation)]
        else:
            return annotation


def _is_alias(annotation: object) -> bool:
    # By its name: Python 3.11 has it in typing_extensions only.
    return type(annotation).__name__ == "TypeAliasType"


def description(annotation: object) -> str:
    """Give the text of ``Annotated[T, "text"]``, empty if there is none."""
    notes = getattr(annotation, "__metadata__", ())
    return next((note for note in notes if isinstance(note, str)), "")


def _union(annotation: object, options: Sequence[object]) -> Converter:
    wanted = [option for option in options if option is not type(None)]
    if len(wanted) != 1:
        raise UnsupportedTypeError(f"{annotation} leaves the type open; only T | None may be declared")
    inner = converter_for(wanted[0])
    return inner if isinstance(inner, Anything | Nullable) else Nullable(inner)


def _tuple(inner: Sequence[object]) -> Converter:
    if not inner or inner[1:] == (...,):
        return containers.Array(converter_for(inner[0] if inner else object), tuple)
    return containers.FixedTuple([converter_for(item) for item in inner])


def _record(declared: type) -> Record:
    with _lock:
        if declared in _records:
            return _records[declared]
        is_typed_dict = typing.is_typeddict(declared)
        record = (records.typed_dict_record if is_typed_dict else records.dataclass_record)(declared)
        known = dict(_records)
        _records[declared] = record
        try:
            record.complete(_typed_dict_fields(declared) if is_typed_dict else _dataclass_fields(declared))
        except BaseException:
            # With it go the records that were made for it: they may refer to what is incomplete.
            _records.clear()
            _records.update(known)
            raise
        return record


def _dataclass_fields(declared: type) -> list[Field]:
    hints = _hints(declared)
    if init_only := [name for name, hint in hints.items() if isinstance(hint, dataclasses.InitVar)]:
        raise UnsupportedTypeError(
            f"{declared.__name__}.{init_only[0]} is an InitVar, which has no JSON form"
        )
    fields = [
        Field(
            name=field.name,
            wire_name=str(field.metadata.get(JSON_NAME, field.name)),
            converter=_field_converter(declared, field.name, hints[field.name]),
            description=description(hints[field.name]),
            required=field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            derived=not field.init,
        )
        for field in dataclasses.fields(declared)
    ]
    if len({field.wire_name for field in fields}) != len(fields):
        raise UnsupportedTypeError(f"{declared.__name__} has two fields of the same name in JSON")
    return fields


def _typed_dict_fields(declared: type) -> list[Field]:
    required: Set[str] = getattr(declared, "__required_keys__", frozenset())
    fields = []
    for name, hint in _hints(declared).items():
        # Where annotations are strings, the class itself does not know Required and NotRequired.
        said = _SAYS.get(typing.get_origin(hint))
        fields.append(
            Field(
                name=name,
                wire_name=name,
                converter=_field_converter(declared, name, hint),
                description=description(typing.get_args(hint)[0] if said is not None else hint),
                required=name in required if said is None else said,
            )
        )
    return fields


def _field_converter(declared: type, name: str, hint: object) -> Converter:
    try:
        return converter_for(hint)
    except UnsupportedTypeError as error:
        reason = str(error)
    raise UnsupportedTypeError(f"{declared.__name__}.{name}: {reason}")


def type_hints(annotated: Callable[..., object]) -> dict[str, object]:
    """Give the resolved annotations of a class or a function.

    :raises UnsupportedTypeError: one of them cannot be resolved.
    """
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except NameError as error:
        unknown = f"the annotation {error.name}"
    except Exception:  # an annotation is an expression: it may raise anything
        unknown = "an annotation"
    raise UnsupportedTypeError(f"{unknown} cannot be resolved; define or import it at module level")


def _hints(declared: type) -> dict[str, object]:
    try:
        return type_hints(declared)
    except UnsupportedTypeError as error:
        reason = str(error)
    raise UnsupportedTypeError(f"{declared.__name__}: {reason}")


def _named(annotation: object) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)


_SIMPLE: Final[Mapping[object, Converter]] = {
    str: scalars.STRING,
    bool: scalars.BOOLEAN,
    int: scalars.INTEGER,
    float: scalars.FLOAT,
    Decimal: scalars.DECIMAL,
    bytes: scalars.BYTES,
    datetime: times.INSTANT,
    date: times.DAY,
    object: (_anything := Anything(cache(converter_for))),
    typing.Any: _anything,
}
