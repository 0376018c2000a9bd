"""Blocks from a peer, in order, as many as it has.

They come by its deliver service, from that very peer. Where the channel does not let the identity use that
(``event/Block``), they are asked for one by one (``qscc``) through the peer's gateway, which may have another
peer of the same organisation answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fabric_gateway import EventsError, FabricGatewayError, Network, StatusCode

from fabric_ledger import _block_messages
from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import SourceError

_AT_ONCE = 8


class PeerBlocks:
    """The blocks of a channel as one peer holds them; iterate with ``async for``.

    Args:
        network: the channel, through a gateway that is connected to the peer.
        start: number of the first block.
        end: number of the last block; by default the last that there is at the beginning.
        patience: seconds to wait for a block that other peers of the organisation have and this one has not.
    """

    def __init__(
        self, network: Network, *, start: int = 0, end: int | None = None, patience: float = 10.0
    ) -> None:
        self._network = network
        self._start = start
        self._end = end
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[LedgerBlock]:
        """
        Raises:
            SourceError: the peer cannot be reached, refuses, or has no such block.
            BlockFormatError: what it sends is no block.
        """
        channel = self._network.channel
        try:
            end = self._end
            if end is None:
                end = (await self._network.chain_info()).height - 1
            if end < self._start:
                raise SourceError(
                    f"channel {channel} ends with block {end}; there is no block {self._start} yet"
                )
            try:
                async for block in self._delivered(end):
                    yield block
            except EventsError as error:
                if error.code is not StatusCode.PERMISSION_DENIED:
                    raise
                async for block in self._queried(end):
                    yield block
        except FabricGatewayError as error:
            raise SourceError(f"the blocks of channel {channel} cannot be read: {error}") from error

    async def _delivered(self, end: int) -> AsyncIterator[LedgerBlock]:
        async with self._network.block_events(start_block=self._start) as events:
            begun = False
            for _ in range(self._start, end + 1):  # not without end, whatever numbers a peer sends
                try:
                    async with asyncio.timeout(self._patience):
                        block = await anext(events)
                except TimeoutError as error:
                    if begun:
                        return  # the peer is behind others of its organisation
                    channel, patience = self._network.channel, self._patience
                    raise SourceError(
                        f"the peer sent no block of channel {channel} within {patience:g} s"
                    ) from error
                begun = True
                yield _block_messages.block(block.raw)
                if block.number >= end:
                    return

    async def _queried(self, end: int) -> AsyncIterator[LedgerBlock]:
        for first in range(self._start, end + 1, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, end + 1))
            for content in await asyncio.gather(*(self._query(number) for number in numbers)):
                yield _block_messages.block(content)

    async def _query(self, number: int) -> bytes:
        arguments = [self._network.channel, str(number)]
        return await self._network.contract("qscc").evaluate("GetBlockByNumber", arguments=arguments)
