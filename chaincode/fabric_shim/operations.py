"""The operations listener: ``/healthz`` and ``/metrics`` over HTTP, shaped as the peer's own.

Source: Fabric core/operations/system.go, core/middleware/require_cert.go; fabric-lib-go healthz/checker.go.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from fabric_shim.address import Address
from fabric_shim.errors import ConfigurationError
from fabric_shim.metrics import CONTENT_TYPE, Metrics
from fabric_shim.tls import OperationsTls

_REQUEST_SECONDS: Final = 10.0
_MAX_REQUEST_BYTES: Final = 16 * 1024
_JSON: Final = "application/json"


class Operations:
    """Serves the health and the metrics of one process.

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
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        :raises ConfigurationError: the address cannot be listened on, or a TLS file cannot be used.
        """
        context = self._tls.context() if self._tls else None
        try:
            self._server = await asyncio.start_server(
                self._answer,
                self._address.host or None,
                self._address.port,
                ssl=context,
                limit=_MAX_REQUEST_BYTES,
            )
        except OSError as error:
            raise ConfigurationError(
                f"The operations listener cannot listen on {self._address}: {error.strerror}."
            ) from None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(head, writer))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # The client's own doing; the connection is closed and that is all the answer there is.
            return
        finally:
            writer.close()

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
