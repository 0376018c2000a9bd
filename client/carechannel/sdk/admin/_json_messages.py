"""Fabric's messages as JSON and back, with the messages inside of their `bytes` fields opened.

Names and forms are those of `configtxlator proto_decode` and `proto_encode` (Fabric's protolator): fields by
their names in the .proto files, 64-bit integers as texts, bytes in base64, enumerations by name, fields that
are not set shown too; where a field holds another message, that message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from fabric_protos.common import configtx_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from carechannel.sdk.admin._opened_fields import Kind, Path, may_be_opened, opened
from carechannel.sdk.errors import ConfigurationError

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]
"""What the standard library's `json` reads and writes."""


def to_json(message: Message) -> JsonObject:
    """Raises `ConfigurationError` when something inside cannot be read."""
    try:
        return _to_json(message, ())
    except (DecodeError, ValueError) as error:
        raise ConfigurationError(
            f"A part of {message.DESCRIPTOR.full_name} cannot be read: {error}"
        ) from error


def from_json(document: object, message: Message) -> None:
    """Fill `message`, an empty one. Raises `ConfigurationError` when `document` does not describe it."""
    try:
        _fill(document, message, ())
    except _WRONG as error:
        found = error if isinstance(error, _WrongAtError) else _WrongAtError((), _in_a_line(error))
        place = f", at {'.'.join(found.place)}" if found.place else ""
        raise ConfigurationError(
            f"The document does not describe a {message.DESCRIPTOR.full_name}{place}: {found.reason}"
        ) from error


class _WrongAtError(ValueError):
    """`place` is the way to what is wrong, by the document's keys."""

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


_WRONG = (json_format.ParseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@contextmanager
def _at(name: str) -> Iterator[None]:
    try:
        yield
    except _WrongAtError as error:
        raise _WrongAtError((name, *error.place), error.reason) from error
    except _WRONG as error:
        raise _WrongAtError((name,), _in_a_line(error)) from error


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _to_json(message: Message, path: Path) -> JsonObject:
    plain: JsonObject = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None or field.message_type.full_name.startswith("google.protobuf."):
            kind = opened(message, field, path)
            if kind is not None:
                plain[field.name] = _bytes_to_json(getattr(message, field.name), kind, field, path)
            elif may_be_opened(message, field) and not getattr(message, field.name):
                plain[field.name] = None
            elif field.message_type is not None and not _repeated(field) and not message.HasField(field.name):
                plain.setdefault(field.name, None)
        elif _is_map(field):
            if field.message_type.fields_by_name["value"].message_type is not None:
                members = getattr(message, field.name)
                plain[field.name] = {
                    str(key): _to_json(members[key], _below(path, field, str(key))) for key in members
                }
        elif _repeated(field):
            plain[field.name] = [_to_json(one, path) for one in getattr(message, field.name)]
        elif message.HasField(field.name):
            plain[field.name] = _to_json(getattr(message, field.name), path)
        elif field.containing_oneof is None:
            plain[field.name] = None
    return plain


def _bytes_to_json(content: object, kind: Kind, field: FieldDescriptor, path: Path) -> JsonValue:
    if _repeated(field):
        return [_to_json(kind.FromString(one), path) for one in cast(list[bytes], content)]
    return _to_json(kind.FromString(cast(bytes, content)), path) if content else None


def _fill(document: object, message: Message, path: Path) -> None:
    if not isinstance(document, dict):
        raise ValueError(f"{message.DESCRIPTOR.full_name} has to be an object")  # noqa: TRY004 - of the document
    rest = dict(document)
    inner = [
        (field, rest.pop(field.name))
        for field in message.DESCRIPTOR.fields
        if field.name in rest and _is_special(message, field)
    ]
    json_format.Parse(json.dumps(rest), message)
    for field, value in sorted(inner, key=lambda one: one[0].message_type is None):
        if value is not None:
            with _at(field.name):
                _fill_field(message, field, value, path)


def _is_special(message: Message, field: FieldDescriptor) -> bool:
    if field.message_type is None:
        return may_be_opened(message, field)
    if field.message_type.full_name.startswith("google.protobuf."):
        return False
    return not _is_map(field) or field.message_type.fields_by_name["value"].message_type is not None


def _fill_field(message: Message, field: FieldDescriptor, value: object, path: Path) -> None:
    if field.message_type is None:
        kind = opened(message, field, path)
        if kind is None:
            if any(isinstance(one, dict) for one in (value if isinstance(value, list) else [value])):
                raise ValueError(
                    "nothing is known to be in here, so that it takes base64 alone; is the name above right?"
                )
            json_format.Parse(json.dumps({field.name: value}), message)
        elif _repeated(field):
            getattr(message, field.name).extend(
                _encoded(one, kind, path) for one in cast(list[object], value)
            )
        else:
            setattr(message, field.name, _encoded(value, kind, path))
    elif _is_map(field):
        if not isinstance(value, dict):
            raise ValueError("it has to be an object")
        for key, one in value.items():
            with _at(str(key)):
                _fill(one, getattr(message, field.name)[key], _below(path, field, key))
    elif _repeated(field):
        if not isinstance(value, list):
            raise ValueError("it has to be a list")
        for index, one in enumerate(value):
            with _at(str(index)):
                _fill(one, getattr(message, field.name).add(), path)
    else:
        inner = getattr(message, field.name)
        inner.SetInParent()
        _fill(value, inner, path)


def _encoded(document: object, kind: Kind, path: Path) -> bytes:
    message = kind()
    _fill(document, message, path)
    return message.SerializeToString(deterministic=True)


def _below(path: Path, field: FieldDescriptor, key: str) -> Path:
    """A group's or value's place; other maps (policies) open the same way wherever they are."""
    inside = field.containing_type.full_name == configtx_pb2.ConfigGroup.DESCRIPTOR.full_name
    return (*path, key) if inside and field.name in {"groups", "values"} else path


def _repeated(field: FieldDescriptor) -> bool:
    return bool(field.label == FieldDescriptor.LABEL_REPEATED)


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def same_leaves(
    edited: configtx_pb2.ConfigGroup, original: configtx_pb2.ConfigGroup, path: Path = ()
) -> None:
    """Give what says the same in both groups the original's bytes: a map has many encodings, and whoever
    compares configurations compares bytes."""
    for name, value in edited.values.items():
        if name in original.values and _to_json(value, (*path, name)) == _to_json(
            original.values[name], (*path, name)
        ):
            value.CopyFrom(original.values[name])
    for name, policy in edited.policies.items():
        if name in original.policies and _to_json(policy, path) == _to_json(original.policies[name], path):
            policy.CopyFrom(original.policies[name])
    for name, group in edited.groups.items():
        if name in original.groups:
            same_leaves(group, original.groups[name], (*path, name))
