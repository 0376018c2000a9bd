"""gRPC, and nothing of it outside of this file: bytes go in and out, failures become the step's error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from ipaddress import ip_address
from typing import Protocol

import grpc
import grpc.aio

from fabric_gateway import _diagnosis, _messages
from fabric_gateway._steps import Step
from fabric_gateway.errors import ClosedError, ConnectionOptionsError, ErrorDetail, GatewayError, StatusCode

_OPTIONS: list[tuple[str, int | str]] = [
    # Fabric's own limit for a message; gRPC's default of 4 MB is less than a block.
    ("grpc.max_receive_message_length", 100 * 1024 * 1024),
    ("grpc.max_send_message_length", 100 * 1024 * 1024),
    # A peer that restarts is found again within seconds; gRPC's default waits up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # Peers close connections that ping more often than once a minute.
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Channels with equal options would share one connection, and one gateway's trouble would be another's.
    ("grpc.use_local_subchannel_pool", 1),
    # Retries are the caller's decision: a transaction must not be sent twice behind its back.
    ("grpc.enable_retries", 0),
]
_STATUS_DETAILS = "grpc-status-details-bin"


class Transport(Protocol):
    """Carries serialized messages to the Gateway service."""

    @property
    def closed(self) -> bool: ...

    async def unary(
        self,
        step: Step,
        request: bytes,
        *,
        timeout: float,  # noqa: ASYNC109 - becomes gRPC's deadline, which the peer sees too
        transaction_id: str | None,
    ) -> bytes: ...

    def stream(self, step: Step, request: bytes) -> AsyncGenerator[bytes, None]: ...

    async def aclose(self) -> None: ...


class GrpcTransport:
    """One connection by grpc.aio; it is made at the first call and again whenever it is lost."""

    def __init__(
        self,
        address: str,
        *,
        tls_root_pem: bytes | None,
        server_name: str | None,
        client_certificate_pem: bytes | None,
        client_key_pem: bytes | None,
    ) -> None:
        self._address = address
        self._closed = False
        if (client_certificate_pem is None) != (client_key_pem is None):
            raise ConnectionOptionsError(
                "a TLS client certificate and its key belong together; give both or none"
            )
        if tls_root_pem is None:
            if not _on_this_machine(address) or client_key_pem is not None:
                raise ConnectionOptionsError(
                    f"{address} would be spoken to without TLS; give tls_root_pem, the TLS root of its peer"
                )
            self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
            return
        options = [*_OPTIONS, ("grpc.ssl_target_name_override", server_name)] if server_name else _OPTIONS
        credentials = grpc.ssl_channel_credentials(tls_root_pem, client_key_pem, client_certificate_pem)
        self._channel = grpc.aio.secure_channel(address, credentials, options=options)

    @property
    def closed(self) -> bool:
        return self._closed

    async def unary(
        self,
        step: Step,
        request: bytes,
        *,
        timeout: float,  # noqa: ASYNC109 - becomes gRPC's deadline, which the peer sees too
        transaction_id: str | None,
    ) -> bytes:
        """Call and return the reply.

        Raises:
            GatewayError: the step's error, with what the nodes said.
            ClosedError: the transport had been closed before.
        """
        self._check_open()
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(step.method)
        try:
            reply: bytes = await method(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise self._failure(step, error, transaction_id, timeout) from error
        except asyncio.CancelledError:
            if self._was_cancelled_by_close():
                raise self._closed_during(step, transaction_id) from None
            raise
        return reply

    async def stream(self, step: Step, request: bytes) -> AsyncGenerator[bytes, None]:
        """Call and yield each reply until the peer ends the stream.

        Raises:
            GatewayError: the step's error, with what the nodes said.
            ClosedError: the transport had been closed before.
        """
        self._check_open()
        method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = self._channel.unary_stream(step.method)
        call = method(request)
        try:
            async for reply in call:
                yield reply
        except grpc.aio.AioRpcError as error:
            raise self._failure(step, error, None, None) from error
        except asyncio.CancelledError:
            if self._was_cancelled_by_close():
                raise self._closed_during(step, None) from None
            raise
        finally:
            call.cancel()

    async def aclose(self) -> None:
        self._closed = True
        await self._channel.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(f"the gateway to {self._address} is closed; connect again")

    def _was_cancelled_by_close(self) -> bool:
        # Closing a channel cancels its calls, which looks the same as the caller's task being cancelled.
        task = asyncio.current_task()
        return self._closed and (task is None or task.cancelling() == 0)

    def _closed_during(self, step: Step, transaction_id: str | None) -> GatewayError:
        return step.error(
            f"the gateway to {self._address} was closed during {step.error.step}",
            code=StatusCode.CANCELLED,
            transaction_id=transaction_id,
        )

    def _failure(
        self, step: Step, error: grpc.aio.AioRpcError, transaction_id: str | None, timeout: float | None
    ) -> GatewayError:
        status = StatusCode(error.code().name)
        details: tuple[ErrorDetail, ...] = ()
        for key, value in error.trailing_metadata():
            if key == _STATUS_DETAILS and isinstance(value, bytes):
                details = _messages.error_details(value)
        text = _diagnosis.sentence(
            step=step.error.step,
            address=self._address,
            status=status,
            text=error.details() or "",
            details=details,
            timeout=timeout,
        )
        return step.error(text, code=status, details=details, transaction_id=transaction_id)


def _on_this_machine(address: str) -> bool:
    if address.startswith(("unix:", "localhost:")):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
