"""The server's half of the transport over grpcio: one bidirectional method and its streams."""

from __future__ import annotations

import grpc
import grpc.aio

from fabric_transport.errors import ListenError, StreamError, TlsError
from fabric_transport.grpc_options import channel_options
from fabric_transport.interface import Converse, Listener
from fabric_transport.options import Options
from fabric_transport.tls import Insecure, ServerTls

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


class _GrpcListener:
    def __init__(self, method: str, converse: Converse, options: Options) -> None:
        self._converse = converse
        self._server = grpc.aio.server(options=channel_options(options))
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
