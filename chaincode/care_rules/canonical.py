"""Canonical JSON (RFC 8785) for values without fractions, and a strict reader of JSON.

Whole numbers stay within ±(2^53-1), where RFC 8785's number format is plain decimal digits. Fractions are
refused rather than formatted: nothing that is signed or hashed here needs one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, TypeAlias

from care_rules.errors import InputInvalidError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32
MAX_BYTES: Final = 4 * 1024 * 1024


def canonical_json(value: Json) -> bytes:
    """The one UTF-8 encoding of a value, as RFC 8785 defines it (keys sorted by UTF-16 code units).

    Raises:
        InputInvalidError: a fraction, a whole number beyond ±(2^53-1), a key that is not text, an unpaired
            surrogate, any other type, or more than 32 levels.
    """
    text = json.dumps(_ordered(value, 0), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def parse_json(data: bytes, *, limit: int = MAX_BYTES) -> Json:
    """The value that JSON text means; `limit` is its largest size in bytes.

    Raises:
        InputInvalidError: not UTF-8, not JSON, too large or too deep, a key given twice, a fraction, a whole
            number beyond ±(2^53-1), or an unpaired surrogate.
    """
    if len(data) > limit:
        raise InputInvalidError(f"The JSON is larger than {limit} bytes; send less at once.")
    try:
        text = data.decode()
        value: Json = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_integer,
        )
    except (ValueError, RecursionError) as error:
        raise InputInvalidError("This is not JSON in UTF-8; send one JSON value.") from error
    _ordered(value, 0)
    return value


def _ordered(value: Json, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise InputInvalidError(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise InputInvalidError("A whole number in the JSON is beyond 2^53-1; send it as text.")
        return value
    if isinstance(value, str):
        _utf16(value)
        return value
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise InputInvalidError("A key of a JSON object must be text.")
        return {key: _ordered(value[key], depth + 1) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_ordered(item, depth + 1) for item in value]
    raise InputInvalidError("The value is neither object, list, text, whole number, true, false nor null.")


def _utf16(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise InputInvalidError("A text in the JSON holds an unpaired surrogate.") from error


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InputInvalidError("A key is given twice in one JSON object; give each once.")
    return values


def _integer(digits: str) -> int:
    if len(digits) > len(str(-MAX_INTEGER)):
        raise InputInvalidError("A whole number in the JSON is beyond 2^53-1; send it as text.")
    return int(digits)


def _refuse_number(_: str) -> NoReturn:
    raise InputInvalidError(
        "The JSON holds a fraction, an exponent, NaN or Infinity; send whole numbers or text."
    )
