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
from fabric_shim import operations
from fabric_shim.address import Address
from fabric_shim.errors import ConfigurationError
from fabric_shim.metrics import Metrics
from fabric_shim.operations import MAX_CONNECTIONS, Operations
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
    listener = Operations(Address("127.0.0.1", 0), Metrics(), process.unhealthy, tls)
    port = await listener.start()
    try:
        yield port
    finally:
        await listener.stop()


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


async def _closed(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        with suppress(ConnectionResetError):
            return await reader.read() == b""
    return True


def _certified(folder: Path) -> tuple[OperationsTls, ssl.SSLContext]:
    authority = Authority("operations ca")
    own = authority.issue("x")
    tls = OperationsTls(write(folder, "o.crt", own.certificate), write(folder, "o.key", own.key))
    return tls, ssl.create_default_context(cadata=authority.certificate.decode())


@pytest.mark.parametrize("encrypted", [False, True])
async def test_those_who_only_connect_keep_nobody_out(tmp_path: Path, encrypted: bool) -> None:
    tls, client = _certified(tmp_path)
    async with listening(Process(), tls if encrypted else None) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3 * MAX_CONNECTIONS)]
        assert (await ask(port, "GET /healthz", client if encrypted else None)).status == 200
        # The oldest ones have been ended, the newest ones not.
        for reader, _ in silent[: 2 * MAX_CONNECTIONS]:
            assert await _closed(reader)
        assert not any(reader.at_eof() for reader, _ in silent[2 * MAX_CONNECTIONS + 1 :])
        for _, writer in silent:
            writer.close()


async def test_who_has_asked_is_not_ended_for_who_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    large = bytes(64 * 1024 * 1024)
    monkeypatch.setattr(Metrics, "exposition", lambda _self: large)
    async with listening(Process()) as port:
        reader, asking = await asyncio.open_connection("127.0.0.1", port)
        asking.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2 * MAX_CONNECTIONS)]
        received = await reader.read()
        assert len(received) > len(large)
        for _, writer in (*silent, (reader, asking)):
            writer.close()


async def test_a_handshake_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(operations, "HANDSHAKE_SECONDS", 0.1)
    tls, client = _certified(tmp_path)
    async with listening(Process(), tls) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await _closed(reader)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert b"fabric_shim" not in await reader.read()
        writer.close()
        assert (await ask(port, "GET /healthz", client)).status == 200
    assert not caplog.records


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_stop_ends_open_connections_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, encrypted: bool
) -> None:
    caplog.set_level("WARNING")
    tls, client = _certified(tmp_path)
    context = client if encrypted else None

    async def stopped_with_open_connections() -> None:
        async with listening(Process(), tls if encrypted else None) as port:
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
            half = [await asyncio.open_connection("127.0.0.1", port, ssl=context) for _ in range(10)]
            for _, writer in half:
                writer.write(b"GET /metr")
                await writer.drain()
        for reader, writer in (*silent, *half):
            with suppress(ConnectionError, ssl.SSLError):
                assert await _closed(reader)
            writer.transport.abort()

    # As a process ends: with the loop, which tells of everything that was left behind.
    await asyncio.to_thread(asyncio.run, stopped_with_open_connections())
    assert not caplog.records


async def test_what_cannot_listen_says_why(tmp_path: Path) -> None:
    async with listening(Process()) as port:
        taken = Operations(Address("127.0.0.1", port), Metrics(), Process().unhealthy)
        with pytest.raises(ConfigurationError, match="operations listener cannot listen on 127"):
            await taken.start()
    missing = OperationsTls(tmp_path / "none.crt", tmp_path / "none.key")
    with pytest.raises(ConfigurationError, match=r"TLS files of the operations listener.*none\.crt"):
        await Operations(Address("127.0.0.1", 0), Metrics(), Process().unhealthy, missing).start()
