"""Events in ledger order, through lost connections and restarts."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from fabric_gateway._event_source import Source
from fabric_gateway.backoff import Backoff
from fabric_gateway.blocks import Block
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint
from fabric_gateway.errors import ClosedError, EventsError, GatewayError, StatusCode
from fabric_gateway.filtered_block import FilteredBlock
from fabric_gateway.private_data import BlockAndPrivateData

_log = logging.getLogger(__name__)
# Bytes of messages after which reading waits for who iterates. More would only cost memory.
_AHEAD: Final = 1024 * 1024
Item = TypeVar("Item")


class Events(Generic[Item]):
    """An endless asynchronous iterator over events; made by methods of :class:`Network` and by event
    requests.

    A lost connection is made again, with growing waits, and the stream goes on after the last event
    delivered: none is left out, none comes twice. What must be missing is an error, never passed over. With a
    checkpointer that holds across restarts of the program: asking for the next event says that the one before
    is processed, and only then its checkpoint is saved. So an event whose processing was cut off is delivered
    again after the restart.

    Iteration ends when the events or the gateway are closed. It is for one task at a time; with a
    checkpointer a second one gets an EventsError (FAILED_PRECONDITION). A wait for the
    next event may be given up (``asyncio.wait_for``): nothing is lost, and the connection stays. Close it, by
    ``async with`` or ``aclose``: until then it holds a stream of the peer, and reads up to 1 MiB ahead, or
    one block that is larger.

    Raises, while iterating:
        EventsError: the peer refuses (for instance the identity may not read the channel); or, with code
            DATA_LOSS, what it sends does not follow what came before; or, with code DEADLINE_EXCEEDED, the
            limit in ``Timeouts`` has passed. Iterating again tries again from the same place.
        EvaluateError: the peer refuses to tell where the chain stands, which is asked where neither start
            block nor checkpoint is given.
        ResponseError: what the peer sends is no event of this kind.
        BlockError: a block cannot be decoded.
        CheckpointError: the checkpointer failed.
        NoSignerError: the gateway has no signer, and the request is not signed.
    """

    def __init__(self, source: Source[Item], backoff: Backoff | None) -> None:
        self._source = source
        self._kind = source.kind
        self._checkpointer = source.checkpointer
        self._transport = source.session.transport
        self._backoff = backoff or Backoff()
        self._limit = source.kind.limit(source.session.timeouts)
        self._deadline: float | None = None
        self._first: Checkpoint | None = None
        self._order = source.kind.order(None)
        self._started = False
        # The last item delivered, and the last one that came.
        self._last: Item | None = None
        self._newest: Item | None = None
        self._unsaved: Item | None = None
        self._pending: deque[Item] = deque()
        self._reading: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._stream: AsyncGenerator[bytes, None] | None = None
        self._received = False
        self._failures = 0
        self._closed = False
        self._asked = False

    @property
    def position(self) -> Checkpoint | None:
        """Where to go on after what was delivered; None before that is known.

        A request signed elsewhere for the same events from here on goes on without a gap.
        """
        return self._after(self._last)

    async def __aenter__(self) -> Self:
        self._start_limit()
        while not self._started and not self._over:
            try:
                await self._begin()
            except GatewayError as error:
                await self._wait_after(error)
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        if self._asked and self._checkpointer is not None:
            raise EventsError(
                f"two tasks iterate over the same {self._kind.words}, so that neither can be known to be "
                "processed; give each a stream and a checkpointer of its own",
                code=StatusCode.FAILED_PRECONDITION,
            )
        self._asked = True
        try:
            return await self._next()
        finally:
            self._asked = False

    async def _next(self) -> Item:
        if self._checkpointer is not None and self._unsaved is not None:
            await self._checkpointer.save(self._kind.after(self._unsaved))
            self._unsaved = None
        while not self._pending:
            await self._more()
        self._last = self._unsaved = self._pending.popleft()
        return self._last

    async def aclose(self) -> None:
        """End the stream. May be repeated. The last event delivered stays unprocessed for the
        checkpointer."""
        self._closed = True
        self._pending.clear()
        self._unsaved = None
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
            # Its CancelledError keeps the frames of the call, and they the connection's socket.
            self._reading = None
        await self._close_stream()

    def _after(self, item: Item | None) -> Checkpoint | None:
        return self._first if item is None else self._kind.after(item)

    @property
    def _over(self) -> bool:
        return self._closed or self._transport.closed

    async def _more(self) -> None:
        """Wait until something is pending or the task that reads has ended; it outlives a given up wait."""
        if self._reading is None:
            if self._over:
                raise StopAsyncIteration
            self._start_limit()
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._read_ended)
        elif self._reading.done():
            ended, self._reading = self._reading, None
            if not ended.cancelled():
                ended.result()
            return
        self._arrived.clear()
        await self._arrived.wait()

    def _read_ended(self, reading: asyncio.Task[None]) -> None:
        if not reading.cancelled():
            reading.exception()  # who iterates is told; asyncio need not tell again if nobody does
        self._arrived.set()

    async def _read(self) -> None:
        try:
            async with asyncio.timeout_at(self._deadline) as limit:
                await self._read_ahead()
        except TimeoutError:
            if not limit.expired():
                raise
            raise EventsError(
                f"the time limit for {self._kind.words} has passed: {self._limit:g} s",
                code=StatusCode.DEADLINE_EXCEEDED,
            ) from None

    async def _read_ahead(self) -> None:
        """Read until enough is pending; who iterates reads on when all of it is delivered."""
        ahead = 0
        while ahead < _AHEAD and not self._over:
            try:
                if not self._started:
                    await self._begin()
                message = await self._receive()
                ahead += len(message)
                if new := self._order.take(message):
                    self._newest = new[-1]
                    self._pending.extend(new)
                    self._arrived.set()
                self._failures = 0
                self._received = True
            except GatewayError as error:
                await self._close_stream()
                await self._wait_after(error)
            except ClosedError:
                if not self._over:
                    raise
            except Exception:
                await self._close_stream()
                raise

    def _start_limit(self) -> None:
        if self._limit is not None and self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._limit

    async def _begin(self) -> None:
        self._first = await self._source.start()
        self._order = self._kind.order(self._first)
        self._started = True

    async def _receive(self) -> bytes:
        if self._stream is None:
            request, start = await self._source.request(self._after(self._newest))
            self._order.reconnected(start)
            opening = self._transport.deliver if self._kind.converses else self._transport.stream
            self._stream = opening(self._kind.step, request)
        try:
            return await anext(self._stream)
        except StopAsyncIteration:
            raise EventsError("the peer ended the stream of events", code=StatusCode.UNAVAILABLE) from None
        except asyncio.CancelledError:
            self._stream = None
            raise

    async def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    async def _wait_after(self, error: GatewayError) -> None:
        if self._over:
            return
        # A peer that has sent events before knows the channel: it is starting, or behind the one before.
        late = self._received and error.code is StatusCode.NOT_FOUND
        if not self._source.resumable or not (error.transient or late):
            raise error
        self._failures += 1
        delay = self._backoff.delay(self._failures)
        _log.warning("%s interrupted (%s), next attempt in %.1f s", self._kind.words, error.code, delay)
        await self._transport.wait(delay)


class ChaincodeEvents(Events[ChaincodeEvent]):
    """Events of valid transactions of one chaincode; made by :meth:`Network.chaincode_events`.

    A peer sends no message for a block without such events, so that a peer which leaves out blocks in the
    middle of a stream is not noticed; :class:`FilteredBlockEvents` notices. After a restart the peer looks
    for the checkpoint's transaction among the events of its block: with a checkpoint of another channel
    nothing ever comes.
    """


class BlockEvents(Events[Block]):
    """Blocks, decoded; made by :meth:`Network.block_events`. Each is checked against the hash in its header
    and against the block before."""


class FilteredBlockEvents(Events[FilteredBlock]):
    """Blocks without their data; made by :meth:`Network.filtered_block_events`."""


class BlockAndPrivateDataEvents(Events[BlockAndPrivateData]):
    """Blocks with private data; made by :meth:`Network.block_and_private_data_events`. Checked as
    :class:`BlockEvents` are."""
