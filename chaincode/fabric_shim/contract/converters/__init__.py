"""Between Python types and JSON: one converter per declared type, made once, when a contract is put together.

A converter refuses what is not of its type with :class:`Mismatch`, which names types and places, no values.
"""

from fabric_shim.contract.converters.base import (
    Components,
    Converter,
    JsonNumber,
    Mismatch,
    Schema,
    UnsupportedTypeError,
)
from fabric_shim.contract.converters.registry import converter_for, type_hints
from fabric_shim.contract.converters.scalars import BYTES, STRING
from fabric_shim.contract.converters.unions import Nullable

__all__ = [
    "BYTES",
    "STRING",
    "Components",
    "Converter",
    "JsonNumber",
    "Mismatch",
    "Nullable",
    "Schema",
    "UnsupportedTypeError",
    "converter_for",
    "type_hints",
]
