"""Frames in and out: the gRPC service that a peer dials, behind an interface that knows bytes only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import grpc
import grpc.aio

from fabric_shim.errors import ConfigurationError

_MAX_MESSAGE_BYTES: Final = 100 * 1024 * 1024
_OPTIONS: Final = (
    # As fabric-chaincode-go's server (shim/internal/server.go).
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # The peer pings an idle stream every minute; by default gRPC would close the connection for that.
    ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 30_000),
    # Otherwise a second process could listen on the same port unnoticed.
    ("grpc.so_reuseport", 0),
)


class Stream(Protocol):
    """One peer's bidirectional stream of frames."""

    async def read(self) -> bytes | None:
        """Return the next frame, None at the stream's end."""

    async def write(self, frame: bytes) -> None:
        """Send a frame. Not to be called again before it returns."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The contents (PEM) of the files that mutual TLS needs."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes


class Writer:
    """The one writer of a stream: whoever sends never waits, frames leave in order."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, frame: bytes) -> None:
        """Queue a frame. A transaction has one request or answer outstanding, which bounds the queue."""
        self._frames.put_nowait(frame)

    def finish(self) -> None:
        """End :meth:`run` after all frames queued so far."""
        self._frames.put_nowait(None)

    async def run(self) -> None:
        """Write until :meth:`finish`."""
        while (frame := await self._frames.get()) is not None:
            await self._stream.write(frame)


class GrpcListener:
    """Serves ``protos.Chaincode/Connect`` and hands every stream to ``converse``, whose return ends it."""

    def __init__(self, converse: Callable[[Stream], Awaitable[None]]) -> None:
        self._converse = converse
        self._server = grpc.aio.server(options=_OPTIONS)
        connect: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(self._connect)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("protos.Chaincode", {"Connect": connect}),)
        )

    async def start(self, address: str, tls: TlsFiles) -> int:
        """Listen, and return the port.

        :raises ConfigurationError: the address cannot be listened on, or certificate and key do not fit.
        """
        credentials = grpc.ssl_server_credentials(
            [(tls.key, tls.certificate)], root_certificates=tls.client_ca, require_client_auth=True
        )
        try:
            port = self._server.add_secure_port(address, credentials)
        except RuntimeError:
            raise ConfigurationError(
                f"Cannot listen on {address}: the port is taken, the host is not this machine's, "
                "or the TLS certificate and key do not fit together."
            ) from None
        await self._server.start()
        return port

    async def stop(self, grace: float) -> None:
        """Take no more streams; wait up to ``grace`` seconds for the open ones, then cut them."""
        await self._server.stop(grace)

    async def _connect(self, _requests: object, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        await self._converse(_GrpcStream(context))


class _GrpcStream:
    def __init__(self, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        self._context = context

    async def read(self) -> bytes | None:
        frame = await self._context.read()
        return frame if isinstance(frame, bytes) else None

    async def write(self, frame: bytes) -> None:
        await self._context.write(frame)
