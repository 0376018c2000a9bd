"""What the transport gives: streams, the listener that accepts them, the connection that opens them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from fabric_transport.tls import ServerTls


class Stream(Protocol):
    """One side's view of a bidirectional stream of messages."""

    async def read(self) -> bytes | None:
        """Return the next message; None when the other side has ended its half in order.

        Reading later is back-pressure: flow control then stops the other side.

        :raises StreamError: the stream broke.
        """
        ...

    async def write(self, message: bytes) -> None:
        """Send a message; returns when flow control has let it out. One call at a time.

        :raises StreamError: the stream broke.
        """
        ...


class ClientStream(Stream, Protocol):
    """A stream that this side opened."""

    async def finish(self) -> None:
        """End this side's half; the other side may still send."""
        ...

    def cancel(self) -> None:
        """Cut the stream at once."""
        ...


Converse = Callable[[Stream], Awaitable[None]]
"""Serves one accepted stream; its return ends the stream in order. Cancelled when the stream breaks."""


class Listener(Protocol):
    """A listening server."""

    @property
    def port(self) -> int:
        """The TCP port."""
        ...

    def replace_tls(self, tls: ServerTls) -> None:
        """Use other certificates for the connections made from now on; open ones stay as they are.

        :raises TlsError: they cannot be used, or the listener is insecure. The former ones stay in use.
        """
        ...

    async def stop(self, grace: float) -> None:
        """Take no more streams, wait up to ``grace`` seconds for the open ones to end, then cut them."""
        ...


class Connection(Protocol):
    """A dialled server; connects with the first stream."""

    def stream(self, method: str) -> ClientStream:
        """Open a bidirectional stream of a method such as ``/protos.Chaincode/Connect``.

        That the server cannot be reached or refuses shows at its first read or write.
        """
        ...

    async def close(self) -> None:
        """Cut all streams and close the connection."""
        ...
