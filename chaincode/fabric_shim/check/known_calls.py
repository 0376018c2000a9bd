"""What calls of the standard library and of unknown code do to the tags of their arguments."""

from __future__ import annotations

import re
from typing import Final


def builtin_names(names: str) -> frozenset[str]:
    """The dotted names of builtins, given separated by blanks."""
    return frozenset(f"builtins.{name}" for name in names.split())


DROP_ALL: Final = builtin_names(
    "len bool isinstance issubclass any all hash id type range callable hasattr print"
) | {"dataclasses.fields", "dataclasses.is_dataclass"}
MAKE_SET: Final = frozenset({"builtins.set", "builtins.frozenset"})
SET_METHODS: Final = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
SERIALIZERS: Final = frozenset(f"{module}.dumps" for module in ("json", "simplejson", "ujson", "orjson"))
ENCODERS: Final = frozenset({"json.JSONEncoder().encode", "simplejson.JSONEncoder().encode"})
"""What serializes by the options that its object was made with."""
ERROR_TEXTS: Final = frozenset(
    {"traceback.format_exc", "traceback.format_exception", "traceback.format_exception_only", "sys.exc_info"}
)
CARRIES_FLOAT: Final = (
    builtin_names(
        "sorted list tuple str bytes bytearray repr format dict sum min max abs iter next enumerate zip map "
        "filter reversed"
    )
    | SERIALIZERS
    | {"struct.pack"}
    | {"dataclasses.asdict", "dataclasses.replace", "fabric_shim.contract.to_json"}
)
CARRIES_FLOAT_METHODS: Final = frozenset(
    {"encode", "format", "join", "copy", "items", "values", "get", "pop"}
)
FLOAT_METHODS: Final = frozenset({"timestamp", "total_seconds"})
WHOLE_MATH: Final = frozenset(
    f"math.{name}"
    for name in ("floor", "ceil", "trunc", "gcd", "lcm", "isqrt", "comb", "perm", "factorial", "prod")
)
WEAK_UPDATES: Final = frozenset(
    {"append", "add", "update", "extend", "insert", "setdefault", "appendleft", "write"}
)

_HIDES: Final = re.compile(
    r"(hmac|mac|encrypt|seal|hash|digest|commitment|verify|pseudonym|redact|exists|^is_|^has_)", re.I
)


def hides(name: str) -> bool:
    """Whether an unknown function's name says that its result tells nothing of its arguments."""
    return _HIDES.search(name) is not None


def makes_float(name: str) -> bool:
    """Whether a known function gives a float."""
    return (name.startswith("math.") and name not in WHOLE_MATH) or name.startswith("statistics.")
