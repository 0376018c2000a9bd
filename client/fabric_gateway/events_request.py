"""Requests for events, to be signed here or elsewhere."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Self, TypeVar

from fabric_gateway._event_kinds import BLOCKS, BLOCKS_AND_PRIVATE_DATA, CHAINCODE, FILTERED_BLOCKS, Kind
from fabric_gateway._event_source import Repeating
from fabric_gateway._session import Session
from fabric_gateway._signable import Signable
from fabric_gateway.backoff import Backoff
from fabric_gateway.blocks import Block
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.events import (
    BlockAndPrivateDataEvents,
    BlockEvents,
    ChaincodeEvents,
    Events,
    FilteredBlockEvents,
)
from fabric_gateway.filtered_block import FilteredBlock
from fabric_gateway.private_data import BlockAndPrivateData

Item = TypeVar("Item")


class EventsRequest(Signable, ABC, Generic[Item]):
    """Base of the four requests.

    What is signed says where to begin, and cannot be changed afterwards. So after a cut the same request is
    sent again and what was delivered before is passed over: no gap, no duplicate, though it costs the time to
    read again from the start. A request that begins with the next block (no start block, no checkpoint) is
    not sent again, because it would begin elsewhere: a cut ends the iteration with its error. Peers take a
    request for blocks for as long as their time window (15 minutes by default) only; then the iteration ends
    with an EventsError (INVALID_ARGUMENT). ``events.position`` tells where a new request goes on.
    """

    _kind: ClassVar[Kind[Item]]

    @classmethod
    def from_bytes(
        cls, session: Session, content: builtins.bytes, signature: builtins.bytes | None = None
    ) -> Self:
        """Re-create one from its ``bytes``; a signature given takes the place of that in the bytes."""
        request = cls._kind.read(content)
        return cls(session, request.message, request.signature if signature is None else signature)

    @abstractmethod
    def events(self, *, backoff: Backoff | None = None) -> Events[Item]:
        """The events asked for. The request is signed first if it has no signature.

        Args:
            backoff: waits before reconnecting.
        """

    def _serialized(self) -> builtins.bytes:
        return self._kind.signed(self._message, self._signature)

    def _source(self) -> Repeating[Item]:
        start = self._kind.read(self._serialized()).start
        return Repeating(self._session, self._kind, start, self._signed_bytes)

    async def _signed_bytes(self) -> builtins.bytes:
        return self._kind.signed(self._message, await self._signed())


class ChaincodeEventsRequest(EventsRequest[ChaincodeEvent]):
    """Made by :meth:`Network.new_chaincode_events_request`; ``bytes`` is
    ``gateway.SignedChaincodeEventsRequest``."""

    _kind = CHAINCODE
    _recreated_by = "Gateway.new_signed_chaincode_events_request"

    def events(self, *, backoff: Backoff | None = None) -> ChaincodeEvents:
        return ChaincodeEvents(self._source(), backoff)


class BlockEventsRequest(EventsRequest[Block]):
    """Made by :meth:`Network.new_block_events_request`; ``bytes`` is a ``common.Envelope``."""

    _kind = BLOCKS
    _recreated_by = "Gateway.new_signed_block_events_request"

    def events(self, *, backoff: Backoff | None = None) -> BlockEvents:
        return BlockEvents(self._source(), backoff)


class FilteredBlockEventsRequest(EventsRequest[FilteredBlock]):
    """Made by :meth:`Network.new_filtered_block_events_request`; ``bytes`` is a ``common.Envelope``."""

    _kind = FILTERED_BLOCKS
    _recreated_by = "Gateway.new_signed_filtered_block_events_request"

    def events(self, *, backoff: Backoff | None = None) -> FilteredBlockEvents:
        return FilteredBlockEvents(self._source(), backoff)


class BlockAndPrivateDataEventsRequest(EventsRequest[BlockAndPrivateData]):
    """Made by :meth:`Network.new_block_and_private_data_events_request`; ``bytes`` is a
    ``common.Envelope``."""

    _kind = BLOCKS_AND_PRIVATE_DATA
    _recreated_by = "Gateway.new_signed_block_and_private_data_events_request"

    def events(self, *, backoff: Backoff | None = None) -> BlockAndPrivateDataEvents:
        return BlockAndPrivateDataEvents(self._source(), backoff)
