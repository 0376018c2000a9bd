"""Arguments and results on the wire, values in the state: text and bytes as they are, all else as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, NoReturn, Protocol, TypeVar, cast

from fabric_shim.contract.converters import (
    BYTES,
    STRING,
    Converter,
    JsonNumber,
    Mismatch,
    Nullable,
    converter_for,
)
from fabric_shim.contract.depth import is_too_deep
from fabric_shim.errors import ArgumentError, ShimError

Decoder = Callable[[bytes], object]
Encoder = Callable[[object], bytes]
T = TypeVar("T")

MAX_JSON_BYTES: Final = 16 * 1024 * 1024


class Serializer(Protocol):
    """How arguments become the declared types, and results bytes.

    Both methods are called once per parameter and result when the chaincode is put together; what they
    return is called in every transaction, from any thread, and must give the same on every endorser.
    """

    def decoder(self, annotation: object) -> Decoder:
        """Make the decoder of a declared type.

        It may raise :class:`~fabric_shim.errors.ArgumentError` or ValueError, whose text is not shown, for an
        argument that is not of the type.
        """

    def encoder(self, annotation: object) -> Encoder:
        """Make the encoder of a declared result; whatever it raises is masked."""


class JsonSerializer:
    """The serializer of all contracts that have no other: the wire format of Go's and Node's contract API.

    * ``str`` and ``bytes`` are taken and given as they are.
    * Anything else is JSON. Types whose JSON form is a string (datetime, date, Decimal, enums) are also taken
      as plain text without the quotes, and so is ``str | None``, where ``null`` is None and text that starts
      with a quotation mark is a JSON string.
    * Refused is JSON that readers disagree about (a key twice in one object, half of a surrogate pair), and
      a number whose exponent lies beyond that of IEEE 754's decimal128.
    * Arrays and objects may lie in each other 200 deep, on the way in and on the way out: where Python
      itself gives up depends on its version, and all endorsers must refuse the same.
    * Results are canonical: sorted keys, no whitespace, UTF-8, the same on every endorser. None is empty.

    :param max_json_bytes: longer arguments are refused unless they are declared as text or bytes. The objects
        made of JSON take many times its size in memory. All endorsers must have the same limit.
    """

    def __init__(self, max_json_bytes: int = MAX_JSON_BYTES) -> None:
        self._max_json_bytes = max_json_bytes

    def decoder(self, annotation: object) -> Decoder:
        """Make the decoder of a declared type."""
        converter = converter_for(annotation)
        if _inner(converter) is BYTES:
            return _as_it_is
        if converter is STRING:
            return _text
        parse = _parse_text if converter.textual else _parse
        if _inner(converter) is STRING:
            return lambda data: converter.load(parse(converter, data))
        limit = self._max_json_bytes

        def load(data: bytes) -> object:
            if len(data) > limit:
                raise Mismatch(f"has {len(data)} bytes; it may have {limit} at most")
            return converter.load(parse(converter, data))

        return load

    def encoder(self, annotation: object) -> Encoder:
        """Make the encoder of a declared result."""
        converter = converter_for(annotation)
        return lambda result: _written("result", _payload, converter, result)


def to_json(value: object) -> bytes:
    """Write a value as canonical JSON, for the state: sorted keys, no whitespace, the same on every endorser.

    Takes what a contract function may return. Floats only in fields that are declared as such.

    :raises ShimError: the value has no JSON form. Names types and places, not values.
    """
    return _written("value", _json, _ANY, value)


def from_json(declared: type[T], data: bytes) -> T:
    """Read what :func:`to_json` or another chaincode has written, as a declared type.

    :raises ShimError: the data is not of that type. Names types and places, not values.
    """
    try:
        converter = converter_for(declared)
        return cast("T", converter.load(_parse(converter, data)))
    except Mismatch as mismatch:
        problem = f"The value{mismatch.path} {mismatch.problem}."
    except RecursionError:
        problem = "The value is nested too deeply."
    raise ShimError(problem)


def decode(name: str, decoder: Decoder, data: bytes) -> object:
    """Decode one argument.

    :raises ArgumentError: it is not of the declared type. Nothing of the argument is in the error or in what
        is chained to it.
    """
    try:
        return decoder(data)
    except Mismatch as mismatch:
        problem = f"The argument {name}{mismatch.path} {mismatch.problem}."
    except ArgumentError:
        raise
    except RecursionError:
        problem = f"The argument {name} is nested too deeply."
    except ValueError:
        problem = f"The argument {name} cannot be read."
    # Outside of the handlers, so that no exception with the value in it is its context.
    raise ArgumentError(problem)


def _inner(converter: Converter) -> Converter:
    return converter.inner if isinstance(converter, Nullable) else converter


def _as_it_is(data: bytes) -> bytes:
    return data


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Mismatch("must be text in UTF-8, not other bytes") from None


def _parse(converter: Converter, data: bytes) -> object:
    text = _text(data)
    if is_too_deep(text):
        raise Mismatch("is nested too deeply")
    try:
        value: object = _DECODER.decode(text)
        if "\\u" in text:
            # An escaped half of a surrogate pair is no character: it could not be written again.
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except (ValueError, ArithmeticError):
        raise Mismatch(f"must be {converter.expected}, not text that is no JSON") from None
    return value


def _parse_text(converter: Converter, data: bytes) -> object:
    quoted = data.startswith(b'"') or (data == b"null" and isinstance(converter, Nullable))
    return _parse(converter, data) if quoted else _text(data)


def _payload(converter: Converter, result: object) -> bytes:
    if result is None and (isinstance(converter, Nullable) or converter is _ANY):
        return b""
    inner = _inner(converter)
    if type(result) is bytes and (inner is BYTES or inner is _ANY):
        return result
    if inner is STRING or (type(result) is str and inner is _ANY):
        return str(inner.dump(result)).encode()
    return _json(converter, result)


def _json(converter: Converter, value: object) -> bytes:
    text = _ENCODER.encode(converter.dump(value))
    if is_too_deep(text):
        raise RecursionError
    return text.encode()


def _written(
    what: str, form: Callable[[Converter, object], bytes], converter: Converter, value: object
) -> bytes:
    try:
        return form(converter, value)
    except Mismatch as mismatch:
        problem = f"The {what}{mismatch.path} {mismatch.problem}."
    except RecursionError:
        problem = f"The {what} is nested too deeply, or in itself."
    except ValueError:
        problem = f"The {what} holds half of a surrogate pair, or an integer of too many digits."
    # Outside of the handlers, so that no exception with the value in it is its context.
    raise ShimError(problem)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # Which of the values counts, readers of other languages disagree about.
        raise Mismatch("has a key twice in one object")
    return found


def _no_constant(_constant: str) -> NoReturn:
    raise ValueError


_ANY: Final = converter_for(object)
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=JsonNumber, parse_constant=_no_constant
)
_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)
