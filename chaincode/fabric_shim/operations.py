"""The operations listener: ``/healthz`` and ``/metrics`` over HTTP, shaped as the peer's own.

Source: Fabric core/operations/system.go, core/middleware/require_cert.go; fabric-lib-go healthz/checker.go.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, cast

from fabric_shim.address import Address
from fabric_shim.errors import ConfigurationError
from fabric_shim.metrics import CONTENT_TYPE, Metrics
from fabric_shim.tls import OperationsTls

MAX_CONNECTIONS: Final = 32
HANDSHAKE_SECONDS: Final = 5.0
_REQUEST_SECONDS: Final = 10.0
_MAX_REQUEST_BYTES: Final = 16 * 1024
_JSON: Final = "application/json"


@dataclass(slots=True, eq=False)
class _Connection:
    """One client, from the first byte of its handshake on.

    :ivar idle: it has not sent its request yet.
    """

    transport: asyncio.Transport
    task: asyncio.Task[None] | None = None
    idle: bool = True

    def end(self) -> None:
        self.cut()
        if self.task is not None:
            self.task.cancel()

    def cut(self) -> None:
        # One that is closed and has sent everything is gone, and asyncio's fail when they are aborted then.
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()


class Operations:
    """Serves the health and the metrics of one process.

    A connection carries one request. No more than ``MAX_CONNECTIONS`` are open: the next one ends the oldest
    that has not asked yet, so that whoever only connects cannot keep out those who ask.

    :param unhealthy: gives why the process takes no transactions, None while it does.
    :param metrics: what ``/metrics`` shows.
    """

    def __init__(
        self,
        address: Address,
        metrics: Metrics,
        unhealthy: Callable[[], str | None],
        tls: OperationsTls | None = None,
    ) -> None:
        self._address = address
        self._metrics = metrics
        self._unhealthy = unhealthy
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        # In the order in which they came.
        self._connections: dict[_Connection, None] = {}

    async def start(self) -> int:
        """Listen, and return the port.

        :raises ConfigurationError: the address cannot be listened on, or a TLS file cannot be used.
        """
        self._context = self._tls.context() if self._tls else None
        try:
            # TLS begins in the connection's own task: asyncio's servers tell of a connection only after its
            # handshake, and those that never finish theirs have to be counted, too.
            self._server = await asyncio.start_server(
                self._accept, self._address.host or None, self._address.port, limit=_MAX_REQUEST_BYTES
            )
        except OSError as error:
            raise ConfigurationError(
                f"The operations listener cannot listen on {self._address}: {error.strerror}."
            ) from None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening, and end the open connections."""
        if self._server is not None:
            self._server.close()
        open_now = tuple(self._connections)
        for connection in open_now:
            connection.end()
        await asyncio.gather(*(c.task for c in open_now if c.task is not None), return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = cast("asyncio.Transport", writer.transport)
        if self._context is not None:
            # The handshake's bytes are TLS's to read.
            transport.pause_reading()
        if len(self._connections) >= MAX_CONNECTIONS:
            oldest = next((c for c in self._connections if c.idle), next(iter(self._connections)))
            del self._connections[oldest]
            oldest.end()
        connection = _Connection(transport)
        self._connections[connection] = None
        connection.task = asyncio.create_task(self._serve(connection, reader, writer))

    async def _serve(
        self, connection: _Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                if self._context is not None:
                    await writer.start_tls(self._context, ssl_handshake_timeout=HANDSHAKE_SECONDS)
                head = await reader.readuntil(b"\r\n\r\n")
                connection.idle = False
                writer.write(self._response(head, writer))
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # The client's own doing; the connection is closed and that is all the answer there is.
            return
        finally:
            self._connections.pop(connection, None)
            connection.cut()

    def _response(self, head: bytes, writer: asyncio.StreamWriter) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path not in (b"/healthz", b"/metrics"):
            return _http(HTTPStatus.NOT_FOUND, _JSON, b"{}", method)
        if method not in (b"GET", b"HEAD"):
            return _http(HTTPStatus.METHOD_NOT_ALLOWED, _JSON, b"{}", method)
        if path == b"/healthz":
            status, body = self._health()
            return _http(status, _JSON, body, method)
        if self._tls and self._tls.client_ca and not writer.get_extra_info("peercert"):
            return _http(HTTPStatus.UNAUTHORIZED, _JSON, b"{}", method)
        return _http(HTTPStatus.OK, CONTENT_TYPE, self._metrics.exposition(), method)

    def _health(self) -> tuple[HTTPStatus, bytes]:
        reason = self._unhealthy()
        status = HTTPStatus.OK if reason is None else HTTPStatus.SERVICE_UNAVAILABLE
        health: dict[str, object] = {"status": status.phrase, "time": datetime.now(UTC).isoformat()}
        if reason is not None:
            health["failed_checks"] = [{"component": "chaincode", "reason": reason}]
        return status, json.dumps(health).encode()


def _http(status: HTTPStatus, content_type: str, body: bytes, method: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)
