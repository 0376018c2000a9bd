"""The four kinds of events: how each is asked for, read and counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from fabric_gateway import _events_messages
from fabric_gateway._event_order import BlockOrder, ChaincodeOrder, Order, Received
from fabric_gateway._events_messages import SignedRequest
from fabric_gateway._session import Session
from fabric_gateway._steps import CHAINCODE_EVENTS, DELIVER, DELIVER_FILTERED, DELIVER_WITH_PRIVATE_DATA, Step
from fabric_gateway.blocks import Block
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint
from fabric_gateway.filtered_block import FilteredBlock
from fabric_gateway.private_data import BlockAndPrivateData
from fabric_gateway.timeouts import Timeouts

Item = TypeVar("Item")


class Kind(Protocol[Item]):
    """What the one engine of all events needs to know of a kind.

    ``converses``: the method is bidirectional, and the request its only message.
    """

    @property
    def step(self) -> Step: ...

    @property
    def words(self) -> str: ...

    @property
    def converses(self) -> bool: ...

    def limit(self, timeouts: Timeouts) -> float | None: ...

    def order(self, start: Checkpoint | None) -> Order[Item]: ...

    def after(self, item: Item) -> Checkpoint:
        """Where to go on when the item is processed."""
        ...

    def signed(self, message: bytes, signature: bytes) -> bytes: ...

    def read(self, content: bytes) -> SignedRequest: ...


@dataclass(frozen=True, slots=True)
class _ChaincodeKind:
    step: Step = CHAINCODE_EVENTS
    words: str = "chaincode events"
    converses: bool = False

    def limit(self, timeouts: Timeouts) -> float | None:
        return timeouts.chaincode_events

    def order(self, start: Checkpoint | None) -> Order[ChaincodeEvent]:
        return ChaincodeOrder(start, _events_messages.chaincode_events)

    def after(self, item: ChaincodeEvent) -> Checkpoint:
        return Checkpoint(item.block_number, item.transaction_id)

    def signed(self, message: bytes, signature: bytes) -> bytes:
        return _events_messages.signed_chaincode_events_request(message, signature)

    def read(self, content: bytes) -> SignedRequest:
        return _events_messages.read_chaincode_events_request(content)


@dataclass(frozen=True, slots=True)
class BlockKind(Generic[Item]):
    """Blocks from Fabric's Deliver service. ``block`` and ``number`` look into an item."""

    step: Step
    words: str
    parse: Callable[[bytes], Received[Item]]
    block: Callable[[Item], Block | None]
    number: Callable[[Item], int]
    converses: bool = True

    def limit(self, timeouts: Timeouts) -> float | None:
        return timeouts.block_events

    def order(self, start: Checkpoint | None) -> Order[Item]:
        return BlockOrder(start, self.parse, self.block)

    def after(self, item: Item) -> Checkpoint:
        return Checkpoint(self.number(item) + 1)

    def signed(self, message: bytes, signature: bytes) -> bytes:
        return _events_messages.envelope(message, signature)

    def read(self, content: bytes) -> SignedRequest:
        return _events_messages.read_seek_envelope(content)


def chaincode_message(session: Session, channel: str, chaincode: str, position: Checkpoint | None) -> bytes:
    """What is signed to ask for chaincode events."""
    return _events_messages.chaincode_events_request(channel, chaincode, session.creator, position)


def block_message(session: Session, channel: str, position: Checkpoint | None) -> bytes:
    """What is signed to ask for blocks of any kind."""
    return _events_messages.seek_payload(
        channel=channel,
        creator=session.creator,
        tls_certificate_hash=session.tls_certificate_hash,
        position=position,
        timestamp_ns=time.time_ns(),
    )


CHAINCODE: Final[Kind[ChaincodeEvent]] = _ChaincodeKind()
BLOCKS: Final[BlockKind[Block]] = BlockKind(
    DELIVER, "block events", _events_messages.delivered_block, lambda block: block, lambda block: block.number
)
FILTERED_BLOCKS: Final[BlockKind[FilteredBlock]] = BlockKind(
    DELIVER_FILTERED,
    "filtered block events",
    _events_messages.delivered_filtered_block,
    lambda _: None,
    lambda filtered: filtered.number,
)
BLOCKS_AND_PRIVATE_DATA: Final[BlockKind[BlockAndPrivateData]] = BlockKind(
    DELIVER_WITH_PRIVATE_DATA,
    "block and private data events",
    _events_messages.delivered_block_and_private_data,
    lambda both: both.block,
    lambda both: both.block.number,
)
