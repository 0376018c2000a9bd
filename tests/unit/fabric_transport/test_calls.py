"""Unary calls and server streams over a loopback connection, by both ways that grpcio offers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import grpc.aio
import pytest
from fabric_transport import (
    INSECURE,
    ClientTls,
    ClosedError,
    Connection,
    StreamError,
    TlsError,
    connect,
    grpc_client,
)
from fabric_transport.grpc_unary import CoreCalls, PublicCalls, UnaryCalls, unary_calls

from tests.protocol.certificates import Authority
from tests.waiting import eventually

Context = grpc.aio.ServicerContext
ECHO, FAIL, HANG, COUNT, CUT = (f"/some.Service/{name}" for name in ("Echo", "Fail", "Hang", "Count", "Cut"))


class Server:
    """Some methods for every outcome."""

    def __init__(self) -> None:
        self.hanging = self.ended = 0
        self._server = grpc.aio.server()
        methods = {
            "Echo": grpc.unary_unary_rpc_method_handler(self._echo),
            "Fail": grpc.unary_unary_rpc_method_handler(self._fail),
            "Hang": grpc.unary_unary_rpc_method_handler(self._hang),
            "Count": grpc.unary_stream_rpc_method_handler(self._count),
            "Cut": grpc.unary_stream_rpc_method_handler(self._cut),
        }
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("some.Service", methods),)
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self.start: Callable[[], Awaitable[None]] = self._server.start

    async def stop(self) -> None:
        await self._server.stop(None)

    async def _echo(self, request: bytes, _context: Context) -> bytes:
        return request

    async def _fail(self, _request: bytes, context: Context) -> bytes:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\x00details\xff"), ("other", "text")))
        await context.abort(grpc.StatusCode.ABORTED, "as asked")
        raise AssertionError("abort does not return")

    async def _hang(self, _request: bytes, _context: Context) -> bytes:
        self.hanging += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1
        raise AssertionError("nothing sets the event")

    async def _count(self, request: bytes, _context: Context) -> AsyncIterator[bytes]:
        for number in range(int(request)):
            yield b"%d" % number

    async def _cut(self, _request: bytes, context: Context) -> AsyncIterator[bytes]:
        yield b"first"
        context.set_trailing_metadata((("grpc-status-details-bin", b"why"),))
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = Server()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(params=[CoreCalls, PublicCalls])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[UnaryCalls]:
    if request.param is PublicCalls:
        monkeypatch.setattr(grpc_client, "unary_calls", lambda channel: PublicCalls(channel, {}))
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def connection(way: type[UnaryCalls], server: Server) -> AsyncIterator[Connection]:
    dialled = connect(f"127.0.0.1:{server.port}", INSECURE)
    assert type(dialled._unary) is way  # type: ignore[attr-defined]
    yield dialled
    await dialled.close()


async def test_an_answer(connection: Connection) -> None:
    assert await connection.unary(ECHO, b"hello") == b"hello"
    assert await connection.unary(ECHO, b"", 5) == b""
    assert not connection.closed


async def test_a_status_comes_with_its_words_and_details(connection: Connection) -> None:
    with pytest.raises(StreamError, match=r"broke: ABORTED\.$") as raised:
        await connection.unary(FAIL, b"")
    assert (raised.value.status, raised.value.text) == ("ABORTED", "as asked")
    assert raised.value.details == b"\x00details\xff"


async def test_a_method_that_nobody_serves(connection: Connection) -> None:
    with pytest.raises(StreamError) as raised:
        await connection.unary("/some.Service/Absent", b"")
    assert (raised.value.status, raised.value.details) == ("UNIMPLEMENTED", b"")


async def test_a_limit(connection: Connection, server: Server) -> None:
    with pytest.raises(StreamError) as raised:
        await connection.unary(HANG, b"", 0.1)
    assert raised.value.status == "DEADLINE_EXCEEDED"
    await eventually(lambda: server.ended == server.hanging)


@pytest.mark.parametrize("timeout", [math.inf, 1e300, 1e12, None])
async def test_no_limit(timeout: float | None, connection: Connection) -> None:  # noqa: ASYNC109 - passed on
    assert await connection.unary(ECHO, b"hello", timeout) == b"hello"
    assert await connection.server_stream(COUNT, b"1", timeout).read() == b"0"


@pytest.mark.parametrize("timeout", [0, -1, math.nan])
async def test_a_limit_that_is_over_already(timeout: float, connection: Connection) -> None:  # noqa: ASYNC109 - passed on
    with pytest.raises(StreamError) as raised:
        await connection.unary(ECHO, b"", timeout)
    assert raised.value.status == "DEADLINE_EXCEEDED"


async def test_a_cancelled_task_cancels_the_call(connection: Connection, server: Server) -> None:
    call = asyncio.create_task(connection.unary(HANG, b""))
    await eventually(lambda: server.hanging == 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await eventually(lambda: server.ended == 1)
    assert await connection.unary(ECHO, b"on") == b"on"


async def test_a_task_cancelled_before_it_began(connection: Connection) -> None:
    call = asyncio.create_task(connection.unary(ECHO, b""))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_closing_cuts_the_calls(connection: Connection, server: Server) -> None:
    calls = [asyncio.create_task(connection.unary(HANG, b"")) for _ in range(3)]
    await eventually(lambda: server.hanging == 3)
    await connection.close()
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, StreamError)
        assert outcome.status == "CANCELLED"
    assert connection.closed
    await connection.close()


async def test_a_closed_connection_takes_nothing(connection: Connection) -> None:
    await connection.close()
    with pytest.raises(ClosedError) as raised:
        await connection.unary(ECHO, b"")
    assert raised.value.code == "closed"
    for start in (
        lambda: connection.server_stream(COUNT, b"1"),
        lambda: connection.stream(COUNT),
        connection.share,
    ):
        with pytest.raises(ClosedError):
            start()


async def test_a_view_is_closed_alone(connection: Connection, server: Server) -> None:
    one, other = connection.share(), connection.share()
    calls = [asyncio.create_task(view.unary(HANG, b"")) for view in (one, other)]
    stream = one.server_stream(COUNT, b"1000000")
    await eventually(lambda: server.hanging == 2)
    await one.close()
    with pytest.raises(StreamError, match="CANCELLED"):
        await calls[0]
    with pytest.raises(StreamError, match="CANCELLED"):
        while await stream.read() is not None:
            pass
    assert (one.closed, other.closed, connection.closed) == (True, False, False)
    assert await other.unary(ECHO, b"on") == b"on"
    inner = other.share()
    await connection.close()
    with pytest.raises(StreamError, match="CANCELLED"):
        await calls[1]
    assert (other.closed, inner.closed) == (True, True)


async def test_a_server_stream_to_its_end(connection: Connection) -> None:
    stream = connection.server_stream(COUNT, b"3", 5)
    messages = [await stream.read() for _ in range(5)]
    assert messages == [b"0", b"1", b"2", None, None]
    stream.cancel()


async def test_a_server_stream_that_breaks(connection: Connection) -> None:
    stream = connection.server_stream(CUT, b"")
    assert await stream.read() == b"first"
    with pytest.raises(StreamError) as raised:
        await stream.read()
    assert (raised.value.status, raised.value.text, raised.value.details) == ("UNAVAILABLE", "gone", b"why")
    with pytest.raises(StreamError):
        await stream.read()


async def test_a_server_stream_that_this_side_cuts(connection: Connection) -> None:
    stream = connection.server_stream(COUNT, b"1000000")
    assert await stream.read() == b"0"
    stream.cancel()
    stream.cancel()
    with pytest.raises(StreamError, match="CANCELLED"):
        while await stream.read() is not None:
            pass


async def test_nobody_listens(way: type[UnaryCalls]) -> None:
    dialled = connect("127.0.0.1:9", INSECURE)
    with pytest.raises(StreamError) as raised:
        await dialled.unary(ECHO, b"", 10)
    assert raised.value.status == "UNAVAILABLE"
    assert "Connection refused" in raised.value.text
    await dialled.close()


class OtherCore:
    """A channel of a grpcio whose lower half has changed."""

    def __init__(self, core: object) -> None:
        self._channel = core


@pytest.mark.parametrize("core", [None, object(), type("Core", (), {"call": lambda self: None})()])
def test_a_grpcio_that_changed_is_used_by_its_public_interface(core: object) -> None:
    assert isinstance(unary_calls(OtherCore(core)), PublicCalls)  # type: ignore[arg-type]


def test_the_grpcio_here_is_used_by_its_core() -> None:
    async def way() -> UnaryCalls:
        async with grpc.aio.insecure_channel("127.0.0.1:9") as channel:
            return unary_calls(channel)

    assert isinstance(asyncio.run(way()), CoreCalls)


@pytest.mark.parametrize(
    ("tls", "sentence"),
    [
        (ClientTls(b"no pem"), "server CA"),
        (ClientTls(Authority("ca").certificate, certificate=b"x"), "belong together"),
        (ClientTls(Authority("ca").certificate, certificate=b"x", key=b"x"), "TLS certificate is no"),
    ],
)
async def test_certificates_that_cannot_be_used(tls: ClientTls, sentence: str) -> None:
    with pytest.raises(TlsError, match=sentence):
        connect("127.0.0.1:9", tls)
