"""The transport over grpcio: the only module that knows gRPC."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio

from fabric_transport.errors import ListenError, StreamError, TlsError
from fabric_transport.interface import ClientStream, Connection, Converse, Listener
from fabric_transport.options import Options
from fabric_transport.tls import ClientTls, Insecure, ServerTls

_DEFAULTS = Options()


async def listen(
    address: str, method: str, converse: Converse, tls: ServerTls | Insecure, options: Options = _DEFAULTS
) -> Listener:
    """Serve one bidirectional method and hand every stream to ``converse``.

    :param address: ``host:port``; port 0 takes a free one.
    :param method: its full name, such as ``/protos.Chaincode/Connect``.
    :raises ListenError: the address cannot be listened on.
    :raises TlsError: the certificates cannot be used.
    """
    listener = _GrpcListener(method, converse, options)
    await listener.start(address, tls)
    return listener


def connect(address: str, tls: ClientTls | Insecure, options: Options = _DEFAULTS) -> Connection:
    """Dial a server; needs a running event loop."""
    return _GrpcConnection(address, tls, options)


def _channel_options(options: Options) -> list[tuple[str, str | int]]:
    return [
        ("grpc.max_receive_message_length", options.max_message_bytes),
        ("grpc.max_send_message_length", options.max_message_bytes),
        ("grpc.keepalive_time_ms", int(1000 * options.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", int(1000 * options.keepalive_timeout_seconds)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", int(1000 * options.min_ping_seconds)),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", int(1000 * options.min_ping_seconds)),
        # Otherwise a second process could listen on the same port unnoticed.
        ("grpc.so_reuseport", 0),
        # Otherwise connections with other certificates to the same address would share one.
        ("grpc.use_local_subchannel_pool", 1),
    ]


class _GrpcListener:
    def __init__(self, method: str, converse: Converse, options: Options) -> None:
        self._converse = converse
        self._server = grpc.aio.server(options=_channel_options(options))
        service, name = method.removeprefix("/").split("/")
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_stream_rpc_method_handler(self._serve)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {name: handler}),)
        )
        self._port = 0
        self._configuration: grpc.ServerCertificateConfiguration | None = None

    @property
    def port(self) -> int:
        return self._port

    async def start(self, address: str, tls: ServerTls | Insecure) -> None:
        try:
            if isinstance(tls, ServerTls):
                self._port = self._server.add_secure_port(address, self._credentials(tls))
            else:
                self._port = self._server.add_insecure_port(address)
        except RuntimeError:
            raise ListenError(
                f"Cannot listen on {address}: the port is taken, or the host is not this machine's."
            ) from None
        await self._server.start()

    def replace_tls(self, tls: ServerTls) -> None:
        if self._configuration is None:
            raise TlsError("The listener was started without TLS; it has no certificates to replace.")
        self._configuration = _configuration(tls)

    async def stop(self, grace: float) -> None:
        await self._server.stop(grace)

    def _credentials(self, tls: ServerTls) -> grpc.ServerCredentials:
        self._configuration = initial = _configuration(tls)

        def current() -> grpc.ServerCertificateConfiguration:
            # gRPC asks before every handshake, from a thread of its own.
            return self._configuration or initial

        return grpc.dynamic_ssl_server_credentials(initial, current, require_client_authentication=True)

    async def _serve(self, _requests: object, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        await self._converse(_ServerStream(context))


def _configuration(tls: ServerTls) -> grpc.ServerCertificateConfiguration:
    tls.check()
    return grpc.ssl_server_certificate_configuration([(tls.key, tls.certificate)], tls.client_ca)


class _ServerStream:
    def __init__(self, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        self._context = context

    async def read(self) -> bytes | None:
        try:
            message = await self._context.read()
        except grpc.aio.BaseError:
            raise StreamError("The client's stream broke.", status="UNAVAILABLE") from None
        return message if isinstance(message, bytes) else None

    async def write(self, message: bytes) -> None:
        try:
            await self._context.write(message)
        except grpc.aio.BaseError:
            raise StreamError("The client's stream broke.", status="UNAVAILABLE") from None


class _GrpcConnection:
    def __init__(self, address: str, tls: ClientTls | Insecure, options: Options) -> None:
        settings = _channel_options(options)
        if isinstance(tls, Insecure):
            self._channel = grpc.aio.insecure_channel(address, options=settings)
            return
        if tls.server_name:
            settings.append(("grpc.ssl_target_name_override", tls.server_name))
        credentials = grpc.ssl_channel_credentials(tls.server_ca, tls.key, tls.certificate)
        self._channel = grpc.aio.secure_channel(address, credentials, options=settings)

    def stream(self, method: str) -> ClientStream:
        opening: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(method)
        return _ClientStream(opening())

    async def close(self) -> None:
        await self._channel.close()


class _ClientStream:
    def __init__(self, call: grpc.aio.StreamStreamCall[bytes, bytes]) -> None:
        self._call = call

    async def read(self) -> bytes | None:
        try:
            message = await self._call.read()
            if isinstance(message, bytes):
                return message
            if (status := await self._call.code()) is not grpc.StatusCode.OK:
                raise _broken(status)
        except grpc.aio.AioRpcError as error:
            raise _broken(error.code()) from None
        except asyncio.CancelledError:
            self._raise_if_cut()
            raise
        return None

    async def write(self, message: bytes) -> None:
        try:
            await self._call.write(message)
        except grpc.aio.AioRpcError as error:
            raise _broken(error.code()) from None
        except asyncio.InvalidStateError:
            # gRPC's word for a call that is over.
            raise _broken(await self._call.code()) from None
        except asyncio.CancelledError:
            self._raise_if_cut()
            raise

    async def finish(self) -> None:
        await self._call.done_writing()

    def cancel(self) -> None:
        self._call.cancel()

    def _raise_if_cut(self) -> None:
        """gRPC tells a cut call by CancelledError, which would look like the caller's own cancellation."""
        task = asyncio.current_task()
        if self._call.cancelled() and not (task and task.cancelling()):
            raise _broken(grpc.StatusCode.CANCELLED) from None


def _broken(status: grpc.StatusCode) -> StreamError:
    return StreamError(f"The server's stream broke: {status.name}.", status=status.name)
