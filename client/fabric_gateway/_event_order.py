"""The place of events in the ledger: what is new, what has come before, what is missing. No IO.

A stream may be cut anywhere, and the next one may begin too early: with the whole block of which a part is
delivered, or with blocks long delivered. These two machines take what streams bring and give on what is new,
each once. Where something must be missing they say so: that is never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from fabric_gateway.blocks import Block
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint
from fabric_gateway.errors import EventsError, StatusCode

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Start(NamedTuple):
    """Where a request begins.

    ``position`` is None where only the peer knows. ``fixed``: the same request begins at the same place
    whenever it is sent, unlike one for the next block.
    """

    position: Checkpoint | None
    fixed: bool


class Order(Protocol[Item_co]):
    """What both machines do."""

    def reconnected(self, start: Checkpoint | None) -> None:
        """A new stream begins, asked for from ``start``."""
        ...

    def take(self, message: bytes) -> Sequence[Item_co]:
        """What is new in the stream's next message.

        Raises:
            EventsError: something is missing before it, or the peer refuses.
            ResponseError: it is no such message.
        """
        ...


def _missing(sentence: str) -> EventsError:
    return EventsError(
        f"{sentence}; events are missing. Check that the peer has the same channel and network as before",
        code=StatusCode.DATA_LOSS,
    )


class ChaincodeOrder:
    """Chaincode events: one message for each block that has any, so numbers may leap.

    Within a block a transaction's id is its place, for it carries at most one event and a replayed one is not
    valid.
    """

    def __init__(
        self, start: Checkpoint | None, parse: Callable[[bytes], tuple[int, list[ChaincodeEvent]]]
    ) -> None:
        self._parse = parse
        self._block = start.block_number if start else 0
        # The last event delivered, and all of its block that this reader was given.
        self._last = start.transaction_id if start else None
        self._delivered: set[str] = {self._last} if self._last else set()
        self._stream_block = 0
        self._owed = False

    def reconnected(self, start: Checkpoint | None) -> None:
        self._stream_block = 0
        # A stream that begins before what is delivered has to bring that again: its absence shows a gap.
        self._owed = self._last is not None and (start is None or start.transaction_id != self._last)

    def take(self, message: bytes) -> Sequence[ChaincodeEvent]:
        number, events = self._parse(message)
        if number < self._stream_block:
            raise _missing(f"the peer sent block {number} after block {self._stream_block}")
        self._stream_block = number
        if number < self._block:
            # The peer begins too early, so it must come to the last event again.
            self._owed = self._last is not None
            return ()
        if not events:
            return ()
        if number == self._block and self._last is not None:
            events = self._rest(events)
            self._owed = False
        elif self._owed:
            raise _missing(f"the peer sent block {number} without block {self._block} before it")
        else:
            self._delivered = set()
        if events:
            self._block, self._last = number, events[-1].transaction_id
            self._delivered.update(event.transaction_id for event in events)
        return events

    def _rest(self, events: list[ChaincodeEvent]) -> list[ChaincodeEvent]:
        """Those of the block after the last one delivered."""
        for index in reversed(range(len(events))):
            if events[index].transaction_id == self._last:
                return self._unseen(events[index + 1 :])
        if self._owed:
            raise _missing(f"the peer sent block {self._block} without an event that it sent before")
        return self._unseen(events)

    def _unseen(self, events: list[ChaincodeEvent]) -> list[ChaincodeEvent]:
        if any(event.transaction_id in self._delivered for event in events):
            raise _missing(f"the peer sent block {self._block} with its events in another order than before")
        return events


class Received(NamedTuple, Generic[Item]):
    """A block as it came: its number, and how to decode the rest of it."""

    number: int
    decode: Callable[[], Item]


class BlockOrder(Generic[Item]):
    """Blocks of any kind: each follows the one before by its number and, where it has one, by its hash.

    Args:
        start: where to begin; None: with whatever comes first.
        parse: a message of the stream.
        block: the block in an item; None where the peer keeps it to itself.
    """

    def __init__(
        self,
        start: Checkpoint | None,
        parse: Callable[[bytes], Received[Item]],
        block: Callable[[Item], Block | None],
    ) -> None:
        self._parse = parse
        self._block = block
        self._expected = start.block_number if start else None
        self._hash: bytes | None = None

    def reconnected(self, start: Checkpoint | None) -> None:
        """Numbers alone tell what is new."""

    def take(self, message: bytes) -> Sequence[Item]:
        number, decode = self._parse(message)
        if self._expected is not None and number < self._expected:
            return ()
        if self._expected is not None and number > self._expected:
            raise _missing(f"the peer sent block {number} where block {self._expected} is due")
        item = decode()
        if (block := self._block(item)) is not None:
            self._check(block)
            self._hash = block.hash
        self._expected = number + 1
        return (item,)

    def _check(self, block: Block) -> None:
        if not block.data_intact:
            raise EventsError(
                f"the data of block {block.number} do not match the hash in its header",
                code=StatusCode.DATA_LOSS,
            )
        if self._hash is not None and block.previous_hash != self._hash:
            raise _missing(f"block {block.number} does not follow the block {block.number - 1} sent before")
