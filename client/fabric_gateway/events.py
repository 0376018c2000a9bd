"""Chaincode events in ledger order, through lost connections and restarts."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from fabric_gateway import _messages, ledger
from fabric_gateway._session import Session
from fabric_gateway._steps import CHAINCODE_EVENTS
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint, Checkpointer
from fabric_gateway.errors import EventsError, GatewayError, StatusCode

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts to reconnect: doubling, with half of each left to chance.

    Attributes:
        first: seconds before the second attempt.
        longest: seconds that no wait exceeds.
    """

    first: float = 0.1
    longest: float = 5.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (at least 1)."""
        limit = min(self.longest, self.first * 2.0 ** min(failures - 1, 32))
        return limit * (1 - random.random() / 2)  # noqa: S311 - spreads load, keeps no secret


class ChaincodeEvents:
    """An endless asynchronous iterator; made by :meth:`Network.chaincode_events`.

    A lost connection is made again, with growing waits, and the stream goes on after the last event
    delivered: none is left out, none comes twice. With a checkpointer that holds across restarts of the
    program: asking for the next event says that the one before is processed, and only then its checkpoint is
    saved. So an event whose processing was cut off is delivered again after the restart.

    Iteration ends when the events or the gateway are closed. It is for one task at a time.

    Raises, while iterating:
        EventsError: the peer refuses (for instance the identity may not read the channel).
        EvaluateError: the peer refuses to tell where the chain stands.
        CheckpointError: the checkpointer failed.
    """

    def __init__(
        self,
        session: Session,
        *,
        channel: str,
        chaincode: str,
        start_block: int | None,
        checkpointer: Checkpointer | None,
        backoff: Backoff,
    ) -> None:
        self._session = session
        self._channel = channel
        self._chaincode = chaincode
        self._start_block = start_block
        self._checkpointer = checkpointer
        self._backoff = backoff
        self._position: Checkpoint | None = None
        self._unsaved: Checkpoint | None = None
        self._pending: deque[ChaincodeEvent] = deque()
        self._stream: AsyncGenerator[bytes, None] | None = None
        self._failures = 0
        self._closed = False

    async def __aenter__(self) -> Self:
        while self._position is None and not self._over:
            try:
                self._position = await self._start()
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

    async def __anext__(self) -> ChaincodeEvent:
        await self._save()
        while not self._pending:
            if self._over:
                raise StopAsyncIteration
            try:
                self._pending.extend(await self._receive())
                self._failures = 0
            except GatewayError as error:
                await self._close_stream()
                await self._wait_after(error)
        event = self._pending.popleft()
        self._position = Checkpoint(event.block_number, event.transaction_id)
        self._unsaved = self._position
        return event

    async def aclose(self) -> None:
        """End the stream. The last event delivered stays unprocessed for the checkpointer."""
        self._closed = True
        self._pending.clear()
        self._unsaved = None
        await self._close_stream()

    @property
    def _over(self) -> bool:
        return self._closed or self._session.transport.closed

    async def _start(self) -> Checkpoint:
        saved = await self._checkpointer.load() if self._checkpointer else None
        if saved is not None:
            return saved
        if self._start_block is not None:
            return Checkpoint(self._start_block)
        return Checkpoint((await ledger.chain_info(self._session, self._channel, ())).height)

    async def _receive(self) -> list[ChaincodeEvent]:
        if self._position is None:
            self._position = await self._start()
        if self._stream is None:
            request = _messages.chaincode_events_request(
                self._channel, self._chaincode, self._session.creator, self._position
            )
            signature = await self._session.sign(request)
            signed = _messages.signed_chaincode_events_request(request, signature)
            self._stream = self._session.transport.stream(CHAINCODE_EVENTS, signed)
        try:
            return _messages.chaincode_events(await anext(self._stream))
        except StopAsyncIteration:
            raise EventsError("the peer ended the stream of events", code=StatusCode.UNAVAILABLE) from None
        except asyncio.CancelledError:
            self._stream = None
            raise

    async def _save(self) -> None:
        if self._unsaved is not None and self._checkpointer is not None:
            await self._checkpointer.save(self._unsaved)
        self._unsaved = None

    async def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    async def _wait_after(self, error: GatewayError) -> None:
        if self._over:
            return
        if not error.transient:
            raise error
        self._failures += 1
        delay = self._backoff.delay(self._failures)
        _log.warning("chaincode events interrupted (%s), next attempt in %.1f s", error.code, delay)
        await asyncio.sleep(delay)
