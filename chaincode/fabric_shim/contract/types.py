"""What a contract's signatures say beyond plain types."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from fabric_shim.contract.converters.base import OuterMarker
from fabric_shim.contract.converters.registry import JSON_NAME

T = TypeVar("T")


TRANSIENT: Final = OuterMarker("Transient")
PRIVATE: Final = OuterMarker("Private")

Transient = Annotated[T, TRANSIENT]
"""A parameter that comes from the transient map, under its own name, and never from the public arguments.

``price: Transient[int]`` is decoded like an argument. With a default, or as ``Transient[int | None]``, it may
be missing. Only the endorsing peers see it; what a function does with it is the function's responsibility.
"""

Private = Annotated[T, PRIVATE]
"""A result that must not lie in a block, so only functions to be evaluated may declare one.

The chaincode cannot tell an evaluated transaction from a submitted one: the proposal is the same, and a
client that submits a query commits its result for every member to read. The declaration keeps the author from
marking such a function as one to submit, and tells clients, through the metadata's tag ``private``, not to.
"""


def wire_name(name: str) -> dict[str, str]:
    """Give a dataclass field another name in JSON: ``field(metadata=wire_name("AppraisedValue"))``.

    The same as ``field(metadata={"json": "AppraisedValue"})``.
    """
    return {JSON_NAME: name}
