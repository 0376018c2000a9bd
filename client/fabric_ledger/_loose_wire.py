"""Encodings that Go's protobuf reads and the library here does not, brought into the form that both read.

A client may write a tag in up to ten bytes, or hide deeply nested groups among unknown fields: peers take the
transaction all the same, and so its verdict has to be found all the same. Only what the library refused comes
here (Go protobuf encoding/protowire/wire.go, internal/impl/decode.go).
"""

from __future__ import annotations

from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

_VARINT, _FIXED64, _BYTES, _BEGIN, _END, _FIXED32 = range(6)
_SHIFT: Final = 3
_KIND: Final = 7
_HIGHEST: Final = (1 << 29) - 1
_GROUPS: Final = 10_000
_NESTED: Final = 100
_VARINT_LENGTH: Final = 10
_LONGEST: Final = 4 * 1024 * 1024
"""Beyond, nobody waits for it."""


def tightened(kind: Descriptor, content: bytes, depth: int = 0) -> bytes:
    """The known fields of a message in their shortest encoding.

    Raises:
        ValueError: Go would not read it either.
    """
    if depth > _NESTED or len(content) > _LONGEST:
        raise ValueError("nested too deeply, or too long")
    found = bytearray()
    position = 0
    while position < len(content):
        number, wire, position = _tag(content, position)
        end = _end(content, position, number, wire)
        field = kind.fields_by_number.get(number)
        if field is not None and wire in {_VARINT, _FIXED64, _FIXED32}:
            found += _varint(number << _SHIFT | wire) + content[position:end]
        elif field is not None and wire == _BYTES:
            length, start = _number(content, position)
            inner = content[start : start + length]
            if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
                inner = tightened(field.message_type, inner, depth + 1)
            found += _varint(number << _SHIFT | wire) + _varint(len(inner)) + inner
        position = end
    return bytes(found)


def _tag(content: bytes, position: int) -> tuple[int, int, int]:
    tag, position = _number(content, position)
    number = tag >> _SHIFT
    if not 1 <= number <= _HIGHEST:
        raise ValueError("a field has no usable number")
    return number, tag & _KIND, position


def _end(content: bytes, position: int, number: int, wire: int) -> int:
    """Where a field's value ends; a group is gone through without recursion."""
    open_groups: list[int] = []
    while True:
        if wire == _BEGIN:
            open_groups.append(number)
            if len(open_groups) > _GROUPS:
                raise ValueError("groups are nested too deeply")
        elif wire == _END:
            if not open_groups or open_groups.pop() != number:
                raise ValueError("a group ends that did not begin")
        else:
            position = _skipped(content, position, wire)
        if not open_groups:
            return position
        number, wire, position = _tag(content, position)


def _skipped(content: bytes, position: int, wire: int) -> int:
    match wire:
        case 0:
            _, end = _number(content, position)
        case 1:
            end = position + 8
        case 2:
            length, start = _number(content, position)
            end = start + length
        case 5:
            end = position + 4
        case _:
            raise ValueError("a field is of no known kind")
    if end > len(content):
        raise ValueError("a field ends too late")
    return end


def _number(content: bytes, position: int) -> tuple[int, int]:
    value = 0
    for count in range(_VARINT_LENGTH):
        if position + count >= len(content):
            raise ValueError("a number does not end")
        octet = content[position + count]
        value |= (octet & 0x7F) << 7 * count
        if octet < 0x80:  # noqa: PLR2004 - the last octet of a varint
            if value >> 64:
                raise ValueError("a number is too large")
            return value, position + count + 1
    raise ValueError("a number does not end")


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits an octet
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)
