"""Arguments and results on the wire: text and bytes as they are, everything else as canonical JSON."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping, Sequence
from typing import NoReturn, Union, cast, get_args, get_origin, get_type_hints

from fabric_shim.contract.contract import TransactionFunction
from fabric_shim.errors import ArgumentError, ShimError

_ARRAYS = (list, tuple, Sequence)
_OBJECTS = (dict, Mapping)
_JSON_NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def decode_arguments(function: TransactionFunction, arguments: Sequence[bytes]) -> list[object]:
    """Turn a transaction's arguments into the function's declared types.

    :raises ArgumentError: too few, too many, or one that is not of its type. Names parameters, never values.
    """
    required = sum(parameter.required for parameter in function.parameters)
    if not required <= len(arguments) <= len(function.parameters):
        names = ", ".join(parameter.name for parameter in function.parameters) or "none"
        raise ArgumentError(f"{function.name} takes the arguments ({names}), not {len(arguments)} of them.")
    return [
        _decode(parameter.annotation, argument, parameter.name)
        for parameter, argument in zip(function.parameters, arguments, strict=False)
    ]


def encode_result(result: object) -> bytes:
    """Give the payload of a result. None is empty.

    :raises ShimError: the result has no JSON form.
    """
    match result:
        case None:
            return b""
        case bytes():
            return result
        case str():
            return result.encode()
        case _:
            return canonical_json(result)


def canonical_json(value: object) -> bytes:
    """Write a value as JSON with sorted keys and no spaces, the same on every endorser.

    :raises ShimError: the value has no JSON form, or is a float that is not finite.
    """
    try:
        text = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_fields
        )
        return text.encode()
    except (TypeError, ValueError) as error:
        raise ShimError("The result has no JSON form.") from error


def _fields(value: object) -> dict[str, object]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__qualname__)


def _decode(annotation: object, argument: bytes, name: str) -> object:
    if annotation is bytes:
        return argument
    try:
        text = argument.decode()
    except UnicodeDecodeError:
        raise ArgumentError(f"The argument {name} is not UTF-8 text.") from None
    if annotation is str:
        return text
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ArgumentError(f"The argument {name} is not JSON.") from None
    return _convert(annotation, value, name)


def _convert(annotation: object, value: object, path: str) -> object:  # noqa: PLR0911 - one return per kind of type
    origin = get_origin(annotation) or annotation
    inner = get_args(annotation)
    if annotation is object:
        return value
    if origin in (Union, types.UnionType):
        (wanted,) = (option for option in inner if option is not type(None))
        return None if value is None else _convert(wanted, value, path)
    if origin in _ARRAYS:
        items = value if isinstance(value, list) else _refuse(path, "an array", value)
        converted = [_convert(inner[0] if inner else object, item, f"{path}[]") for item in items]
        return tuple(converted) if origin is tuple else converted
    if origin in _OBJECTS:
        entries = value if isinstance(value, dict) else _refuse(path, "an object", value)
        return {
            key: _convert(inner[1] if inner else object, entry, f"{path}{{}}")
            for key, entry in entries.items()
        }
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _convert_dataclass(annotation, value, path)
    if annotation is float and type(value) is int:
        return float(value)
    # `type is`, since JSON's true and false are no integers although Python's bool is an int.
    if type(value) is not annotation:
        _refuse(path, _JSON_NAMES[cast(type, annotation)], value)
    return value


def _convert_dataclass(annotation: type, value: object, path: str) -> object:
    entries = value if isinstance(value, dict) else _refuse(path, "an object", value)
    hints = get_type_hints(annotation)
    fields = {field.name: field for field in dataclasses.fields(annotation)}
    if not entries.keys() <= fields.keys():
        raise ArgumentError(f"The argument {path} has a field that {annotation.__name__} does not know.")
    for name, field in fields.items():
        optional = (
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        )
        if name not in entries and not optional:
            raise ArgumentError(f"The argument {path} lacks the field {name}.")
    return annotation(
        **{name: _convert(hints[name], entry, f"{path}.{name}") for name, entry in entries.items()}
    )


def _refuse(path: str, expected: str, value: object) -> NoReturn:
    raise ArgumentError(f"The argument {path} must be {expected}, not {_JSON_NAMES[type(value)]}.")


def _no_constant(_constant: str) -> NoReturn:
    raise ValueError
