"""The operations listener: health and metrics over HTTP, with and without TLS."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from fabric_shim.address import Address
from fabric_shim.errors import ConfigurationError
from fabric_shim.metrics import Metrics
from fabric_shim.operations import Operations
from fabric_shim.tls import OperationsTls

from tests.protocol.certificates import Authority, write

TIMEOUT_SECONDS = 10


@dataclass
class Process:
    """What the listener reports on."""

    reason: str | None = None

    def unhealthy(self) -> str | None:
        return self.reason


@dataclass(frozen=True)
class Answer:
    status: int
    headers: str
    body: bytes


@asynccontextmanager
async def listening(process: Process, tls: OperationsTls | None = None) -> AsyncIterator[int]:
    operations = Operations(Address("127.0.0.1", 0), Metrics(), process.unhealthy, tls)
    port = await operations.start()
    try:
        yield port
    finally:
        await operations.stop()


async def ask(port: int, line: str, context: ssl.SSLContext | None = None) -> Answer:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(f"{line} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    return Answer(int(head.split()[1]), head.decode(), body)


async def test_health_follows_the_process() -> None:
    process = Process()
    async with listening(process) as port:
        healthy = await ask(port, "GET /healthz")
        assert (healthy.status, json.loads(healthy.body)["status"]) == (200, "OK")
        assert json.loads(healthy.body)["time"]
        process.reason = "stopping"
        unhealthy = await ask(port, "GET /healthz?x=1")
        assert unhealthy.status == 503
        assert json.loads(unhealthy.body)["status"] == "Service Unavailable"
        assert json.loads(unhealthy.body)["failed_checks"] == [
            {"component": "chaincode", "reason": "stopping"}
        ]


async def test_metrics_are_in_prometheus_format() -> None:
    async with listening(Process()) as port:
        answer = await ask(port, "GET /metrics")
        assert answer.status == 200
        assert "Content-Type: text/plain" in answer.headers
        assert b"fabric_shim_transactions_in_flight 0.0" in answer.body
        assert (await ask(port, "HEAD /metrics")).body == b""


@pytest.mark.parametrize(("line", "status"), [("GET /", 404), ("POST /metrics", 405), ("GET /logspec", 404)])
async def test_there_is_nothing_else(line: str, status: int) -> None:
    async with listening(Process()) as port:
        assert (await ask(port, line)).status == status


async def test_what_is_no_request_is_not_answered() -> None:
    async with listening(Process()) as port:
        for nonsense in (b"\x00" * 100_000, b"GET /healthz"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(nonsense)
            writer.write_eof()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
        assert (await ask(port, "GET /healthz")).status == 200


async def test_metrics_need_a_certificate_where_a_client_ca_is_set(tmp_path: Path) -> None:
    authority, other = Authority("operations ca"), Authority("other ca")
    own, scraper, stranger = authority.issue("x"), authority.issue("prometheus"), other.issue("stranger")
    tls = OperationsTls(
        write(tmp_path, "o.crt", own.certificate),
        write(tmp_path, "o.key", own.key),
        write(tmp_path, "ca.crt", authority.certificate),
    )

    def client(name: str, certificate: bytes, key: bytes) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=authority.certificate.decode())
        context.load_cert_chain(
            write(tmp_path, f"{name}.crt", certificate), write(tmp_path, f"{name}.key", key)
        )
        return context

    async with listening(Process(), tls) as port:
        anybody = ssl.create_default_context(cadata=authority.certificate.decode())
        assert (await ask(port, "GET /healthz", anybody)).status == 200
        assert (await ask(port, "GET /metrics", anybody)).status == 401
        known = client("known", scraper.certificate, scraper.key)
        assert (await ask(port, "GET /metrics", known)).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError, IndexError)):
            await ask(port, "GET /metrics", client("stranger", stranger.certificate, stranger.key))


async def test_without_a_client_ca_anybody_reads_metrics_over_tls(tmp_path: Path) -> None:
    authority = Authority("operations ca")
    own = authority.issue("x")
    tls = OperationsTls(write(tmp_path, "o.crt", own.certificate), write(tmp_path, "o.key", own.key))
    async with listening(Process(), tls) as port:
        anybody = ssl.create_default_context(cadata=authority.certificate.decode())
        assert (await ask(port, "GET /metrics", anybody)).status == 200


async def test_what_cannot_listen_says_why(tmp_path: Path) -> None:
    async with listening(Process()) as port:
        taken = Operations(Address("127.0.0.1", port), Metrics(), Process().unhealthy)
        with pytest.raises(ConfigurationError, match="operations listener cannot listen on 127"):
            await taken.start()
    missing = OperationsTls(tmp_path / "none.crt", tmp_path / "none.key")
    with pytest.raises(ConfigurationError, match=r"TLS files of the operations listener.*none\.crt"):
        await Operations(Address("127.0.0.1", 0), Metrics(), Process().unhealthy, missing).start()
