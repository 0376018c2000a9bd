"""The client's half of the transport over grpcio: calls, streams, and what became of them."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import grpc
import grpc.aio

from fabric_transport.errors import ClosedError, StreamError
from fabric_transport.grpc_options import channel_options
from fabric_transport.grpc_unary import UnaryCalls, broken, broken_by, cut, unary_calls, was_cut
from fabric_transport.interface import ClientStream, Connection, ServerStream
from fabric_transport.options import Options
from fabric_transport.tls import ClientTls, Insecure

_DEFAULTS = Options()
_CLOSED = "The connection is closed."
_WORDS = 4 * 1024 * 1024
_LONGEST = 10 * 365 * 24 * 3600.0
_ReadCall = grpc.aio.UnaryStreamCall[bytes, bytes] | grpc.aio.StreamStreamCall[bytes, bytes]
_StreamCall = TypeVar("_StreamCall", bound=_ReadCall)


def connect(address: str, tls: ClientTls | Insecure, options: Options = _DEFAULTS) -> Connection:
    """Dial a server; needs a running event loop.

    :raises TlsError: the certificates cannot be used.
    """
    return _GrpcConnection(_channel(address, tls, options))


def _channel(address: str, tls: ClientTls | Insecure, options: Options) -> grpc.aio.Channel:
    settings = [
        *channel_options(options),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", int(1000 * options.reconnect_seconds)),
        ("grpc.max_reconnect_backoff_ms", int(1000 * options.reconnect_seconds)),
        # Retries are the caller's decision: a transaction must not be sent twice behind its back.
        ("grpc.enable_retries", 0),
        # The other side's words of a failure come as metadata. By default more than 8 KiB of them may be, and
        # more than 16 KiB are, replaced by a failure of gRPC's own with another status.
        ("grpc.max_metadata_size", _WORDS),
        ("grpc.absolute_max_metadata_size", _WORDS),
    ]
    if isinstance(tls, Insecure):
        # What is on this machine is not to leave it in clear because of an http_proxy in the environment.
        settings.append(("grpc.enable_http_proxy", 0))
        return grpc.aio.insecure_channel(address, options=settings)
    tls.check()
    if tls.server_name:
        settings.append(("grpc.ssl_target_name_override", tls.server_name))
    credentials = grpc.ssl_channel_credentials(tls.server_ca, tls.key, tls.certificate)
    return grpc.aio.secure_channel(address, credentials, options=settings)


def _limit(timeout: float | None) -> float | None:
    # gRPC's clock ends; what lies beyond it (math.inf too) would count as over already. And it counts in
    # milliseconds, the present one included, in which a quick server answers.
    if timeout is None or timeout > _LONGEST:
        return None
    return timeout if timeout > 0 else -1.0


class _GrpcConnection:
    """The dialled connection, or one user's view of it (then ``_whole`` is the dialled one)."""

    def __init__(self, channel: grpc.aio.Channel, whole: _GrpcConnection | None = None) -> None:
        self._channel = channel
        self._whole = whole or self
        self._closed = False
        self._unary: UnaryCalls = whole._unary.share() if whole else unary_calls(channel)
        self._streams: set[grpc.aio.Call] = set()
        self._views: set[_GrpcConnection] = set()

    @property
    def closed(self) -> bool:
        return self._closed

    async def unary(self, method: str, request: bytes, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - becomes gRPC's deadline, which the server sees too
        if self._closed:
            raise ClosedError(_CLOSED)
        return await self._unary.call(method, request, _limit(timeout))

    def server_stream(self, method: str, request: bytes, timeout: float | None = None) -> ServerStream:
        if self._closed:
            raise ClosedError(_CLOSED)
        calling: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = self._channel.unary_stream(method)
        return _Reader(self._kept(calling(request, timeout=_limit(timeout))))

    def stream(self, method: str, timeout: float | None = None) -> ClientStream:
        if self._closed:
            raise ClosedError(_CLOSED)
        calling: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(method)
        return _ClientStream(self._kept(calling(timeout=_limit(timeout))))

    def share(self) -> Connection:
        if self._closed:
            raise ClosedError(_CLOSED)
        view = _GrpcConnection(self._channel, self._whole)
        self._whole._views.add(view)
        return view

    async def close(self) -> None:
        self._closed = True
        self._whole._views.discard(self)
        for view in tuple(self._views):
            await view.close()
        self._unary.cut()
        for call in tuple(self._streams):
            call.cancel()
        if self._whole is self:
            await self._channel.close()

    def _kept(self, call: _StreamCall) -> _StreamCall:
        self._streams.add(call)
        call.add_done_callback(self._streams.discard)
        return call


class _Reader(Generic[_StreamCall]):
    """A stream's receiving half. Its call is let go at its end: kept, it would keep its connection open."""

    def __init__(self, call: _StreamCall) -> None:
        self._call: _StreamCall | None = call
        self._failure: StreamError | None = None

    async def read(self) -> bytes | None:
        call = self._call
        if call is not None:
            try:
                message = await call.read()
                if isinstance(message, bytes):
                    return message
                if (status := await call.code()) is not grpc.StatusCode.OK:
                    self._failure = broken(status.name, await call.details(), ())
            except grpc.aio.AioRpcError as error:
                self._failure = broken_by(error)
            except asyncio.CancelledError:
                if not was_cut(call):
                    raise
                self._failure = cut()
            finally:
                del call
            self._call = None
        # Raised out here, so that it does not carry gRPC's error, whose traceback keeps the call too.
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        return None

    def cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call, self._failure = None, cut()


class _ClientStream(_Reader[grpc.aio.StreamStreamCall[bytes, bytes]]):
    async def write(self, message: bytes) -> None:
        call, failure = self._call, self._failure
        if call is not None:
            try:
                await call.write(message)
            except grpc.aio.AioRpcError as error:
                failure = broken_by(error)
            except asyncio.InvalidStateError:
                # gRPC's word for a call that is over.
                failure = broken((await call.code()).name, await call.details(), ())
            except asyncio.CancelledError:
                if not was_cut(call):
                    raise
                failure = cut()
            else:
                return
        del call
        raise failure or broken("OK", "the server had ended the stream", ())

    async def finish(self) -> None:
        if self._call is not None:
            await self._call.done_writing()
