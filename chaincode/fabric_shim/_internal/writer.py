"""The one writer of a stream."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from fabric_transport import Stream

_MAX_QUEUED: Final = 4096
_MAX_QUEUED_BYTES: Final = 64 * 1024 * 1024


class Writer:
    """Whoever sends never waits; messages leave in order.

    A peer that sends without reading is not read from either until it takes what is queued (:meth:`room`).
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._finishing = False
        self._wanted = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def send(self, frame: bytes) -> None:
        """Queue a message."""
        self._queue.append(frame)
        self._bytes += len(frame)
        self._wanted.set()
        if len(self._queue) > _MAX_QUEUED or self._bytes > _MAX_QUEUED_BYTES:
            self._room.clear()

    @property
    def full(self) -> bool:
        """Whether the peer is behind with reading."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until the peer has taken most of what is queued."""
        await self._room.wait()

    def finish(self) -> None:
        """End :meth:`run` after all messages queued so far."""
        self._finishing = True
        self._wanted.set()

    async def run(self) -> None:
        """Write until :meth:`finish`."""
        while True:
            while self._queue:
                frame = self._queue.popleft()
                self._bytes -= len(frame)
                await self._stream.write(frame)
                if self.full and len(self._queue) < _MAX_QUEUED // 2 and self._bytes < _MAX_QUEUED_BYTES // 2:
                    self._room.set()
            if self._finishing:
                return
            self._wanted.clear()
            await self._wanted.wait()
