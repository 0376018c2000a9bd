"""A network of nodes: one channel, its chaincodes, its events, its ledger."""

from __future__ import annotations

from collections.abc import Sequence

import fabric_gateway
from fabric_gateway import Backoff, Block, ChainInfo, Checkpoint, Checkpointer
from fabric_gateway.sync._loop import Loop
from fabric_gateway.sync.commit import Commit
from fabric_gateway.sync.contract import Contract
from fabric_gateway.sync.events import (
    BlockAndPrivateDataEvents,
    BlockAndPrivateDataEventsRequest,
    BlockEvents,
    BlockEventsRequest,
    ChaincodeEvents,
    ChaincodeEventsRequest,
    FilteredBlockEvents,
    FilteredBlockEventsRequest,
)


class Network:
    """Blocking twin of :class:`fabric_gateway.Network`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.Network) -> None:
        self._loop = loop
        self._network = twin

    @property
    def channel(self) -> str:
        """See :attr:`fabric_gateway.Network.channel`."""
        return self._network.channel

    def contract(self, chaincode: str, name: str | None = None) -> Contract:
        """See :meth:`fabric_gateway.Network.contract`."""
        return Contract(self._loop, self._network.contract(chaincode, name))

    def commit(self, transaction_id: str) -> Commit:
        """See :meth:`fabric_gateway.Network.commit`."""
        return Commit(self._loop, self._network.commit(transaction_id))

    def chaincode_events(
        self,
        chaincode: str,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> ChaincodeEvents:
        """See :meth:`fabric_gateway.Network.chaincode_events`."""
        events = self._network.chaincode_events(
            chaincode, start_block=start_block, checkpoint=checkpoint, backoff=backoff
        )
        return ChaincodeEvents(self._loop, events)

    def block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> BlockEvents:
        """See :meth:`fabric_gateway.Network.block_events`."""
        events = self._network.block_events(start_block=start_block, checkpoint=checkpoint, backoff=backoff)
        return BlockEvents(self._loop, events)

    def filtered_block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> FilteredBlockEvents:
        """See :meth:`fabric_gateway.Network.filtered_block_events`."""
        events = self._network.filtered_block_events(
            start_block=start_block, checkpoint=checkpoint, backoff=backoff
        )
        return FilteredBlockEvents(self._loop, events)

    def block_and_private_data_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> BlockAndPrivateDataEvents:
        """See :meth:`fabric_gateway.Network.block_and_private_data_events`."""
        events = self._network.block_and_private_data_events(
            start_block=start_block, checkpoint=checkpoint, backoff=backoff
        )
        return BlockAndPrivateDataEvents(self._loop, events)

    def new_chaincode_events_request(
        self, chaincode: str, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> ChaincodeEventsRequest:
        """See :meth:`fabric_gateway.Network.new_chaincode_events_request`."""
        request = self._network.new_chaincode_events_request(
            chaincode, start_block=start_block, checkpoint=checkpoint
        )
        return ChaincodeEventsRequest(self._loop, request)

    def new_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockEventsRequest:
        """See :meth:`fabric_gateway.Network.new_block_events_request`."""
        request = self._network.new_block_events_request(start_block=start_block, checkpoint=checkpoint)
        return BlockEventsRequest(self._loop, request)

    def new_filtered_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> FilteredBlockEventsRequest:
        """See :meth:`fabric_gateway.Network.new_filtered_block_events_request`."""
        request = self._network.new_filtered_block_events_request(
            start_block=start_block, checkpoint=checkpoint
        )
        return FilteredBlockEventsRequest(self._loop, request)

    def new_block_and_private_data_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockAndPrivateDataEventsRequest:
        """See :meth:`fabric_gateway.Network.new_block_and_private_data_events_request`."""
        request = self._network.new_block_and_private_data_events_request(
            start_block=start_block, checkpoint=checkpoint
        )
        return BlockAndPrivateDataEventsRequest(self._loop, request)

    def chain_info(self, *, target_organizations: Sequence[str] = ()) -> ChainInfo:
        """See :meth:`fabric_gateway.Network.chain_info`."""
        return self._loop.run(self._network.chain_info(target_organizations=target_organizations))

    def block_by_number(self, number: int, *, target_organizations: Sequence[str] = ()) -> Block:
        """See :meth:`fabric_gateway.Network.block_by_number`."""
        asking = self._network.block_by_number(number, target_organizations=target_organizations)
        return self._loop.run(asking)

    def block_by_transaction_id(
        self, transaction_id: str, *, target_organizations: Sequence[str] = ()
    ) -> Block:
        """See :meth:`fabric_gateway.Network.block_by_transaction_id`."""
        asking = self._network.block_by_transaction_id(
            transaction_id, target_organizations=target_organizations
        )
        return self._loop.run(asking)
