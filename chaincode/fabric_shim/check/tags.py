"""What the data flow knows about a value: a set of tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Tags = frozenset[str]

PRIVATE: Final = "private"
"""Read from private data or from the transient map."""
HASHED: Final = "hashed"
"""The hash of a private value and of nothing else."""
ARGUMENT: Final = "argument"
"""A public argument of the transaction."""
FUNCTION: Final = "function"
"""The function's name in the arguments."""
LEDGER: Final = "ledger"
"""A value read from the public state."""
PUBLIC: Final = "public"
"""What the proposal says to everybody: transaction id, channel, time, creator."""
SET: Final = "set"
"""A set, whose order depends on the process's hash seed."""
FLOAT: Final = "float"
UNSORTED: Final = "unsorted"
"""JSON text whose keys stand in the order in which the dict was filled."""
ERROR: Final = "error"
"""The text of an exception that this module did not write."""

NONE: Tags = frozenset()
SEEN_BY_ALL: Tags = frozenset({ARGUMENT, FUNCTION, LEDGER, PUBLIC})
_PARAMETER: Final = "parameter:"
_HASH_OF: Final = "hash of parameter:"


def parameter(name: str) -> str:
    """The tag of whatever a caller gives for a parameter."""
    return _PARAMETER + name


def parameters_in(tags: Tags) -> frozenset[str]:
    """The parameters whose value, unhashed, is in a value of these tags."""
    return frozenset(tag.removeprefix(_PARAMETER) for tag in tags if tag.startswith(_PARAMETER))


def hashed(tags: Tags) -> Tags:
    """The tags of a hash over one value."""
    own = {HASHED} if PRIVATE in tags else set()
    return frozenset(own | {_HASH_OF + name for name in parameters_in(tags)})


def substitute(tags: Tags, given: Mapping[str, Tags]) -> Tags:
    """The tags of a called function's result, with its parameters replaced by what the call gives."""
    result: set[str] = set()
    for tag in tags:
        if tag.startswith(_PARAMETER):
            result |= given.get(tag.removeprefix(_PARAMETER), NONE)
        elif tag.startswith(_HASH_OF):
            result |= hashed(given.get(tag.removeprefix(_HASH_OF), NONE))
        else:
            result.add(tag)
    return frozenset(result)
