"""A network of nodes: one channel, its chaincodes, its events, its ledger."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_gateway import ledger
from fabric_gateway._session import Session
from fabric_gateway.blocks import Block, ChainInfo
from fabric_gateway.checkpoint import Checkpointer
from fabric_gateway.commit import Commit
from fabric_gateway.contract import Contract
from fabric_gateway.events import Backoff, ChaincodeEvents


class Network:
    """Made by :meth:`Gateway.network`."""

    def __init__(self, session: Session, channel: str) -> None:
        self._session = session
        self._channel = channel

    @property
    def channel(self) -> str:
        return self._channel

    def contract(self, chaincode: str, name: str | None = None) -> Contract:
        """The contract ``name`` of a chaincode; without a name its default contract."""
        return Contract(self._session, self._channel, chaincode, name)

    def commit(self, transaction_id: str) -> Commit:
        """A transaction submitted earlier, to ask what became of it (after ``outcome_unknown``)."""
        return Commit(self._session, self._channel, transaction_id)

    def chaincode_events(
        self,
        chaincode: str,
        *,
        start_block: int | None = None,
        checkpointer: Checkpointer | None = None,
        backoff: Backoff | None = None,
    ) -> ChaincodeEvents:
        """The events of valid transactions of a chaincode, in the order of the ledger, without end.

        Begins after the checkpoint if the checkpointer holds one, else with ``start_block``, else with the
        next block. ``async with network.chaincode_events(...) as events`` fixes that position at once: what
        is committed after the ``async with`` line is delivered. See :class:`ChaincodeEvents`.
        """
        return ChaincodeEvents(
            self._session,
            channel=self._channel,
            chaincode=chaincode,
            start_block=start_block,
            checkpointer=checkpointer,
            backoff=backoff or Backoff(),
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
