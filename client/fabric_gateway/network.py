"""A network of nodes: one channel, its chaincodes, its events, its ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from fabric_gateway import _arguments, ledger
from fabric_gateway._event_kinds import (
    BLOCKS,
    BLOCKS_AND_PRIVATE_DATA,
    CHAINCODE,
    FILTERED_BLOCKS,
    Kind,
    block_message,
    chaincode_message,
)
from fabric_gateway._event_source import Following, first_position
from fabric_gateway._session import Session
from fabric_gateway.backoff import Backoff
from fabric_gateway.blocks import Block, ChainInfo
from fabric_gateway.checkpoint import Checkpoint, Checkpointer
from fabric_gateway.commit import Commit
from fabric_gateway.contract import Contract
from fabric_gateway.events import (
    BlockAndPrivateDataEvents,
    BlockEvents,
    ChaincodeEvents,
    FilteredBlockEvents,
)
from fabric_gateway.events_request import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    EventsRequest,
    FilteredBlockEventsRequest,
)

_Item = TypeVar("_Item")


class Network:
    """Made by :meth:`Gateway.network`."""

    def __init__(self, session: Session, channel: str) -> None:
        self._session = session
        self._channel = channel

    @property
    def channel(self) -> str:
        """The channel's name."""
        return self._channel

    def contract(self, chaincode: str, name: str | None = None) -> Contract:
        """The contract ``name`` of a chaincode; without a name its default contract.

        Raises:
            ArgumentError: a name is no str.
        """
        _arguments.text(chaincode, "the chaincode's name")
        if name is not None:
            _arguments.text(name, "the contract's name")
        return Contract(self._session, self._channel, chaincode, name)

    def commit(self, transaction_id: str) -> Commit:
        """A transaction submitted earlier, to ask what became of it (after ``outcome_unknown``).

        Raises:
            ArgumentError: the id is no str.
        """
        _arguments.text(transaction_id, "the transaction id")
        return Commit.new(self._session, self._channel, transaction_id)

    def chaincode_events(
        self,
        chaincode: str,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> ChaincodeEvents:
        """The events of valid transactions of a chaincode, in the order of the ledger, without end.

        ``async with network.chaincode_events(...) as events`` fixes the place where it begins at once: what
        is committed after the ``async with`` line is delivered. See :class:`ChaincodeEvents`.

        Args:
            chaincode: its name.
            start_block: begin with this block; None: with the next one.
            checkpoint: begin after it, whatever ``start_block`` says. A :class:`Checkpointer` is asked for
                it, and saved when each next event is asked for; while it holds none, ``start_block`` counts.
            backoff: waits before reconnecting.

        Raises:
            EventsError: the block number is negative or larger than 64 bits (INVALID_ARGUMENT).
        """
        return ChaincodeEvents(
            Following(
                self._session,
                CHAINCODE,
                self._channel,
                signed=lambda position: self._chaincode_request(chaincode, position)._signed_bytes(),
                start_block=start_block,
                checkpoint=checkpoint,
            ),
            backoff,
        )

    def block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> BlockEvents:
        """The blocks of the channel, without end; arguments and errors as of :meth:`chaincode_events`.

        The channel's ACL must allow ``event/Block`` to this identity.
        """
        following = self._following(BLOCKS, BlockEventsRequest, start_block, checkpoint)
        return BlockEvents(following, backoff)

    def filtered_block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> FilteredBlockEvents:
        """The blocks of the channel without their data; arguments and errors as of :meth:`chaincode_events`.

        The channel's ACL must allow ``event/FilteredBlock`` to this identity.
        """
        following = self._following(FILTERED_BLOCKS, FilteredBlockEventsRequest, start_block, checkpoint)
        return FilteredBlockEvents(following, backoff)

    def block_and_private_data_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> BlockAndPrivateDataEvents:
        """The blocks with the private data that this identity may see; as :meth:`block_events` otherwise."""
        following = self._following(
            BLOCKS_AND_PRIVATE_DATA, BlockAndPrivateDataEventsRequest, start_block, checkpoint
        )
        return BlockAndPrivateDataEvents(following, backoff)

    def new_chaincode_events_request(
        self, chaincode: str, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> ChaincodeEventsRequest:
        """A request to be signed elsewhere; see :class:`EventsRequest` for what happens to it at a cut.

        Args:
            chaincode: its name.
            start_block: begin with this block; None: with the next one.
            checkpoint: begin after it, whatever ``start_block`` says.

        Raises:
            EventsError: the block number is negative or larger than 64 bits (INVALID_ARGUMENT).
        """
        return self._chaincode_request(chaincode, first_position(start_block, checkpoint))

    def new_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockEventsRequest:
        """A request to be signed elsewhere; as :meth:`new_chaincode_events_request`."""
        return BlockEventsRequest(self._session, self._block_message(start_block, checkpoint), b"")

    def new_filtered_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> FilteredBlockEventsRequest:
        """A request to be signed elsewhere; as :meth:`new_chaincode_events_request`."""
        return FilteredBlockEventsRequest(self._session, self._block_message(start_block, checkpoint), b"")

    def new_block_and_private_data_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockAndPrivateDataEventsRequest:
        """A request to be signed elsewhere; as :meth:`new_chaincode_events_request`."""
        message = self._block_message(start_block, checkpoint)
        return BlockAndPrivateDataEventsRequest(self._session, message, b"")

    def _chaincode_request(self, chaincode: str, position: Checkpoint | None) -> ChaincodeEventsRequest:
        message = chaincode_message(self._session, self._channel, chaincode, position)
        return ChaincodeEventsRequest(self._session, message, b"")

    def _block_message(self, start_block: int | None, checkpoint: Checkpoint | None) -> bytes:
        return block_message(self._session, self._channel, first_position(start_block, checkpoint))

    def _following(
        self,
        kind: Kind[_Item],
        request: type[EventsRequest[_Item]],
        start_block: int | None,
        checkpoint: Checkpoint | Checkpointer | None,
    ) -> Following[_Item]:
        def signed(position: Checkpoint | None) -> Awaitable[bytes]:
            message = block_message(self._session, self._channel, position)
            return request(self._session, message, b"")._signed_bytes()

        return Following(
            self._session,
            kind,
            self._channel,
            signed=signed,
            start_block=start_block,
            checkpoint=checkpoint,
        )

    async def chain_info(self, *, target_organizations: Sequence[str] = ()) -> ChainInfo:
        """Height and last hashes of the channel's chain, as the peer asked has it.

        By default a peer of the gateway's own organisation answers.

        Raises:
            EvaluateError: no peer answered, or this identity may not ask.
        """
        return await ledger.chain_info(self._session, self._channel, target_organizations)

    async def block_by_number(self, number: int, *, target_organizations: Sequence[str] = ()) -> Block:
        """The block with that number, decoded, its data checked against the hash in its header.

        Raises:
            BlockNotFoundError: the chain is not that long.
            BlockError: the peer's answer is another block or does not match its header.
            EvaluateError: no peer answered, or this identity may not ask.
        """
        return await ledger.block_by_number(self._session, self._channel, number, target_organizations)

    async def block_by_transaction_id(
        self, transaction_id: str, *, target_organizations: Sequence[str] = ()
    ) -> Block:
        """The block in which a transaction lies, valid or not; see :meth:`block_by_number`.

        Raises:
            BlockNotFoundError: no block holds the transaction (yet).
            BlockError, EvaluateError: as with :meth:`block_by_number`.
        """
        return await ledger.block_by_transaction_id(
            self._session, self._channel, transaction_id, target_organizations
        )
