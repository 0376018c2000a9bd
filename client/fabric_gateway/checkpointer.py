"""What checkpointers share, and the one that forgets."""

from __future__ import annotations

from abc import ABC, abstractmethod

from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint


class CheckpointerBase(ABC):
    """The three ways of saving that Fabric's clients in other languages have, over ``load`` and ``save``.

    Given to :meth:`Network.chaincode_events` and the like, a checkpointer is saved by the iteration itself;
    these are for who reads from a fixed ``Checkpoint`` and says himself when something is processed.
    """

    @abstractmethod
    async def load(self) -> Checkpoint | None:
        """As :meth:`Checkpointer.load`."""

    @abstractmethod
    async def save(self, checkpoint: Checkpoint) -> None:
        """As :meth:`Checkpointer.save`."""

    async def checkpoint_block(self, block_number: int) -> None:
        """That block is processed: go on with the next one.

        Raises:
            CheckpointError: it cannot be written.
        """
        await self.save(Checkpoint(block_number + 1))

    async def checkpoint_transaction(self, block_number: int, transaction_id: str) -> None:
        """That transaction is processed: go on after it, in the same block.

        To go on with chaincode events it must be a valid transaction that emitted one: the peer looks for it
        among those, and if it is not there it never sends anything.

        Raises:
            CheckpointError: it cannot be written.
        """
        await self.save(Checkpoint(block_number, transaction_id))

    async def checkpoint_chaincode_event(self, event: ChaincodeEvent) -> None:
        """That event is processed: go on after it.

        Raises:
            CheckpointError: it cannot be written.
        """
        await self.save(Checkpoint(event.block_number, event.transaction_id))


class InMemoryCheckpointer(CheckpointerBase):
    """A checkpoint for as long as the process lives."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint

    async def load(self) -> Checkpoint | None:
        return self._checkpoint

    async def save(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
