"""The transport over a loopback connection: streams, mutual TLS, its replacement, and how things end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fabric_transport import (
    INSECURE,
    ClientStream,
    ClientTls,
    Insecure,
    Listener,
    ListenError,
    Options,
    ServerTls,
    Stream,
    StreamError,
    TlsError,
    connect,
    listen,
)

from tests.protocol.certificates import Authority, KeyPair

METHOD = "/some.Service/Talk"
SERVER_CA, CLIENT_CA = Authority("server ca"), Authority("client ca")
SERVER, CLIENT = SERVER_CA.issue("server"), CLIENT_CA.issue("client")


async def echo(stream: Stream) -> None:
    while (message := await stream.read()) is not None:
        await stream.write(message)


def server_tls(pair: KeyPair = SERVER, client_ca: bytes = CLIENT_CA.certificate) -> ServerTls:
    return ServerTls(pair.certificate, pair.key, client_ca)


def client_tls(server_ca: bytes = SERVER_CA.certificate, client: KeyPair | None = CLIENT) -> ClientTls:
    return ClientTls(server_ca, client.certificate if client else None, client.key if client else None)


@asynccontextmanager
async def listening(
    tls: ServerTls | Insecure = INSECURE, converse: object = echo, options: Options | None = None
) -> AsyncIterator[Listener]:
    assert callable(converse)
    listener = await listen("127.0.0.1:0", METHOD, converse, tls, options or Options())
    try:
        yield listener
    finally:
        await listener.stop(0)


@asynccontextmanager
async def dialled(
    listener: Listener, tls: ClientTls | Insecure = INSECURE, options: Options | None = None
) -> AsyncIterator[ClientStream]:
    connection = connect(f"127.0.0.1:{listener.port}", tls, options or Options())
    try:
        yield connection.stream(METHOD)
    finally:
        await connection.close()


async def talks(listener: Listener, tls: ClientTls | Insecure) -> bool:
    async with dialled(listener, tls) as stream:
        try:
            await stream.write(b"hello")
            return await stream.read() == b"hello"
        except StreamError as error:
            assert error.status == "UNAVAILABLE"
            return False


@pytest.mark.parametrize("secure", [True, False])
async def test_messages_come_in_order_and_the_end_is_seen(secure: bool) -> None:
    async with (
        listening(server_tls() if secure else INSECURE) as listener,
        dialled(listener, client_tls() if secure else INSECURE) as stream,
    ):
        for message in (b"", b"a", bytes(300_000)):
            await stream.write(message)
        assert [await stream.read() for _ in range(3)] == [b"", b"a", bytes(300_000)]
        await stream.finish()
        assert await stream.read() is None
        assert await stream.read() is None


async def test_mutual_tls_refuses_strangers() -> None:
    async with listening(server_tls()) as listener:
        assert await talks(listener, client_tls())
        assert not await talks(listener, client_tls(client=None))
        assert not await talks(listener, client_tls(client=Authority("other").issue("client")))
        assert not await talks(listener, client_tls(server_ca=Authority("other").certificate))
        assert not await talks(listener, INSECURE)


async def test_the_servers_name_can_be_told() -> None:
    async with listening(server_tls()) as listener:
        tls = client_tls()
        named = ClientTls(tls.server_ca, tls.certificate, tls.key, server_name="localhost")
        assert await talks(listener, named)
        wrong = ClientTls(tls.server_ca, tls.certificate, tls.key, server_name="elsewhere")
        assert not await talks(listener, wrong)


async def test_replaced_certificates_are_for_new_connections() -> None:
    new_ca, new_client_ca = Authority("new server ca"), Authority("new client ca")
    new_client = new_client_ca.issue("client")
    async with listening(server_tls()) as listener, dialled(listener, client_tls()) as old:
        await old.write(b"a")
        assert await old.read() == b"a"
        listener.replace_tls(server_tls(new_ca.issue("server"), new_client_ca.certificate))
        assert await talks(listener, client_tls(new_ca.certificate, new_client))
        assert not await talks(listener, client_tls())
        await old.write(b"b")
        assert await old.read() == b"b"
        # What cannot be used changes nothing.
        with pytest.raises(TlsError):
            listener.replace_tls(ServerTls(SERVER.certificate, CLIENT.key, CLIENT_CA.certificate))
        assert await talks(listener, client_tls(new_ca.certificate, new_client))


@pytest.mark.parametrize(
    ("tls", "text"),
    [
        (ServerTls(SERVER.certificate, CLIENT.key, CLIENT_CA.certificate), "do not fit"),
        (ServerTls(b"", SERVER.key, CLIENT_CA.certificate), "TLS certificate is no"),
        (ServerTls(SERVER.certificate, b"x", CLIENT_CA.certificate), "TLS key is no"),
        (ServerTls(SERVER.certificate, SERVER.key, b""), "client CA holds no"),
    ],
)
async def test_unusable_certificates_are_named(tls: ServerTls, text: str) -> None:
    with pytest.raises(TlsError, match=text):
        await listen("127.0.0.1:0", METHOD, echo, tls)


async def test_a_listener_without_tls_gets_none_later() -> None:
    async with listening() as listener:
        with pytest.raises(TlsError, match="without TLS"):
            listener.replace_tls(server_tls())


async def test_a_taken_port_is_an_error() -> None:
    async with listening() as listener:
        with pytest.raises(ListenError, match=str(listener.port)):
            await listen(f"127.0.0.1:{listener.port}", METHOD, echo, INSECURE)


async def test_a_cut_stream_breaks_on_both_sides() -> None:
    broke: list[str] = []

    async def converse(stream: Stream) -> None:
        try:
            await echo(stream)
            broke.append("end")
        except asyncio.CancelledError:
            broke.append("cancelled")
            raise

    async with listening(converse=converse) as listener, dialled(listener) as stream:
        await stream.write(b"a")
        assert await stream.read() == b"a"
        stream.cancel()
        with pytest.raises(StreamError) as read:
            await stream.read()
        with pytest.raises(StreamError) as written:
            await stream.write(b"b")
        assert read.value.status == written.value.status == "CANCELLED"
        async with asyncio.timeout(5):
            while not broke:  # noqa: ASYNC110 - only the server side knows when
                await asyncio.sleep(0.005)


async def test_the_callers_own_cancellation_stays_one() -> None:
    async with listening() as listener, dialled(listener) as stream:
        await stream.write(b"a")
        await stream.read()
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0.02)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading


async def test_a_message_above_the_limit_breaks_its_stream() -> None:
    small = Options(max_message_bytes=1000)
    async with listening(options=small) as listener:
        async with dialled(listener) as stream:
            with pytest.raises(StreamError) as error:
                await stream.write(bytes(2000))
                await stream.read()
            assert error.value.status == "RESOURCE_EXHAUSTED"
        assert await talks(listener, INSECURE)


async def test_a_stopped_listener_waits_for_streams_then_cuts_them() -> None:
    async with listening() as listener, dialled(listener) as stream:
        await stream.write(b"a")
        await stream.read()
        stopping = asyncio.create_task(listener.stop(0.3))
        await asyncio.sleep(0.05)
        await stream.write(b"b")
        assert await stream.read() == b"b"
        await stopping
        with pytest.raises(StreamError):
            await stream.read()


async def test_nobody_listens() -> None:
    connection = connect("127.0.0.1:1", INSECURE)
    with pytest.raises(StreamError) as error:
        await connection.stream(METHOD).read()
    assert error.value.status == "UNAVAILABLE"
    await connection.close()
