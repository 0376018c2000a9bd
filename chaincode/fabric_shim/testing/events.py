"""Listening to a simulated channel's chaincode events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Self

from fabric_shim.testing.blocks import Block, PublishedEvent


class EventStream:
    """The events of valid transactions, in the order of blocks and of transactions in them.

    ``async for`` waits for the next one; :meth:`take` gives what is there.
    """

    def __init__(self, blocks: Sequence[Block], start_block: int) -> None:
        self._blocks = blocks
        self._next_block = start_block
        self._pending: deque[PublishedEvent] = deque()
        self._waiting: asyncio.Future[None] | None = None

    def take(self) -> list[PublishedEvent]:
        """Give the events that have not been given yet, without waiting."""
        self._collect()
        taken = list(self._pending)
        self._pending.clear()
        return taken

    def wake(self) -> None:
        """Tell who waits that there is a new block."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> PublishedEvent:
        self._collect()
        while not self._pending:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
            self._collect()
        return self._pending.popleft()

    def _collect(self) -> None:
        # Block 1 is the first one in the list: block 0 is the channel's configuration.
        for block in self._blocks[self._next_block - 1 :]:
            self._pending.extend(block.events)
            self._next_block = block.number + 1
