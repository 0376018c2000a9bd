"""One HTTPS request on asyncio: sent, answered, closed."""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from carechannel.sdk.errors import AdministrationError

_MOST = 16 * 1024 * 1024
"""Bytes of an answer that are read at most."""


def client_context(tls_root: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS that trusts `tls_root` alone and shows `certificate`. Raises `AdministrationError`."""
    try:
        context = ssl.create_default_context(cafile=str(tls_root))
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        raise AdministrationError(
            f"{tls_root}, {certificate} and {key} are no TLS root, client certificate and its key: {error}"
        ) from error
    return context


@dataclass(frozen=True)
class Request:
    """What is asked of a server."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encoded(self, address: str) -> bytes:
        sent = {"Host": address, "Content-Length": str(len(self.body)), "Connection": "close"}
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in {**self.headers, **sent}.items()]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + self.body


async def ask(context: ssl.SSLContext, address: str, request: Request) -> tuple[int, bytes]:
    """Status and body. Raises `OSError`: no connection, TLS, no HTTP."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    try:
        writer.write(request.encoded(address))
        await writer.drain()
        answer = await _read(reader)
    finally:
        writer.transport.abort()
    return _parsed(answer, request.method)


async def _read(reader: asyncio.StreamReader) -> bytes:
    parts, size = [], 0
    while part := await reader.read(64 * 1024):
        parts.append(part)
        size += len(part)
        if size > _MOST:
            raise OSError("the answer is longer than any that an orderer gives")
    return b"".join(parts)


class _Answer:
    """What `http.client` reads from instead of a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def _parsed(answer: bytes, method: str) -> tuple[int, bytes]:
    if not answer:
        raise OSError("the connection was closed without an answer")
    response = http.client.HTTPResponse(cast(socket.socket, _Answer(answer)), method=method)
    try:
        response.begin()
        return response.status, response.read()
    except (http.client.HTTPException, ValueError) as error:
        raise OSError("the answer is not HTTP") from error
