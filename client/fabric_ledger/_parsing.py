"""How every message is read."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from fabric_ledger._loose_wire import tightened
from fabric_ledger.errors import UndecodableError

M = TypeVar("M", bound=Message)


def parse(message: type[M], content: bytes) -> M:
    """A message from its bytes, in any encoding that peers read.

    Raises:
        UndecodableError: they are none.
    """
    try:
        return message.FromString(content)
    except DecodeError:
        pass
    try:
        return message.FromString(tightened(message.DESCRIPTOR, content))
    except (DecodeError, ValueError) as error:
        raise UndecodableError(f"the bytes do not parse as {message.DESCRIPTOR.full_name}") from error
