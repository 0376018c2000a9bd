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


class ServerStream(Protocol):
    """The answers to one request."""

    async def read(self) -> bytes | None:
        """Return the next message; None when the other side has ended the stream in order.

        Reading later is back-pressure: flow control then stops the other side.

        :raises StreamError: the stream broke.
        """
        ...

    def cancel(self) -> None:
        """Cut the stream at once. May be repeated, and after its end."""
        ...


class ClientStream(Stream, Protocol):
    """A stream that this side opened."""

    async def finish(self) -> None:
        """End this side's half; the other side may still send."""
        ...

    def cancel(self) -> None:
        """Cut the stream at once. May be repeated, and after its end."""
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
    """A dialled server; connects with the first call, and again whenever the connection was lost.

    Methods are named such as ``/protos.Chaincode/Connect``; ``timeout`` is in seconds, None: no limit. A call
    past it ends with status DEADLINE_EXCEEDED, one that :meth:`close` cut with status CANCELLED. Nothing is
    ever sent twice.
    """

    @property
    def closed(self) -> bool:
        """Whether this side has closed it."""
        ...

    async def unary(self, method: str, request: bytes, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - becomes gRPC's deadline, which the server sees too
        """Send one message and return the one that answers it. A cancelled task cancels the call.

        :raises StreamError: there is no answer.
        :raises ClosedError: the connection had been closed before.
        """
        ...

    def server_stream(self, method: str, request: bytes, timeout: float | None = None) -> ServerStream:
        """Send one message and receive any number.

        That the server cannot be reached or refuses shows at the first read.

        :raises ClosedError: the connection had been closed before.
        """
        ...

    def stream(self, method: str, timeout: float | None = None) -> ClientStream:
        """Open a bidirectional stream.

        That the server cannot be reached or refuses shows at its first read or write.

        :raises ClosedError: the connection had been closed before.
        """
        ...

    def share(self) -> Connection:
        """Another user's view of the same connection: closing it cuts its own calls only.

        Closing the connection that was dialled closes all views.
        """
        ...

    async def close(self) -> None:
        """Cut all calls and streams and close the connection. May be repeated."""
        ...
