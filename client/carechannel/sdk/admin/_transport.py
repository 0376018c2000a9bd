"""gRPC to one node, for what hfc has no call for: bytes in and out, every failure an `SdkError`."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio

from carechannel.sdk.admin import _failures
from carechannel.sdk.admin.endpoint import Endpoint
from carechannel.sdk.errors import NodeReplyError

# Fabric's own limit for a message; gRPC's default of 4 MB is less than a block or a package.
_MAX_MESSAGE = 100 * 1024 * 1024


class Connection:
    """A node, dialled with the first call. For the event loop that it is made in; `close` it in the end."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        options: list[tuple[str, int | str]] = [
            ("grpc.max_receive_message_length", _MAX_MESSAGE),
            ("grpc.max_send_message_length", _MAX_MESSAGE),
            # Otherwise connections with other certificates to the same address would share one.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        if endpoint.server_name:
            options.append(("grpc.ssl_target_name_override", endpoint.server_name))
        credentials = grpc.ssl_channel_credentials(
            endpoint.tls_root_pem, endpoint.client_key_pem, endpoint.client_certificate_pem
        )
        self._channel = grpc.aio.secure_channel(endpoint.address, credentials, options=options)

    async def unary(self, method: str, request: bytes, what: str) -> bytes:
        """One answer for one request. `what` completes "… did not …" in the error."""
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)
        try:
            return await call(request, timeout=self.endpoint.timeout)
        except grpc.aio.AioRpcError as error:
            raise self._failed(error, what) from None

    async def first(self, method: str, request: bytes, what: str) -> bytes:
        """The first answer of a bidirectional method that was sent one request; the stream is cut then."""
        opening: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(method)
        call = opening(timeout=self.endpoint.timeout)
        try:
            await call.write(request)
            await call.done_writing()
            answer = await call.read()
            if isinstance(answer, bytes):
                return answer
            status, text = await call.code(), await call.details()
        except grpc.aio.AioRpcError as error:
            raise self._failed(error, what) from None
        except asyncio.InvalidStateError:
            # gRPC's word for a call that was over before it was written to.
            status, text = await call.code(), await call.details()
        finally:
            call.cancel()
        if status is not grpc.StatusCode.OK:
            raise _failures.of_call(self.endpoint.address, what, status.name, text or "", sent=True)
        raise NodeReplyError(
            f"{self.endpoint.address} did not {what}: it closed the stream without an answer."
        )

    async def close(self) -> None:
        """Cut what is under way, and the connection."""
        await self._channel.close()

    def _failed(self, error: grpc.aio.AioRpcError, what: str) -> Exception:
        return _failures.of_call(
            self.endpoint.address, what, error.code().name, error.details() or "", sent=True
        )
