"""Where a reader of events stands, so that it goes on there after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Events up to here are processed.

    Attributes:
        block_number: the block in which to go on.
        transaction_id: the last transaction of that block already processed; None if none is. Readers of
            blocks begin with the whole block, whatever it says.
    """

    block_number: int
    transaction_id: str | None = None


class Checkpointer(Protocol):
    """Keeps one checkpoint. One checkpointer serves one reader of one kind of events on one channel."""

    async def load(self) -> Checkpoint | None:
        """The saved checkpoint, None before the first.

        Raises:
            CheckpointError: it cannot be read.
        """
        ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; on return it is durable.

        Raises:
            CheckpointError: it cannot be written.
        """
        ...
