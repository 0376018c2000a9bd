"""One gateway's calls: bytes go in and out through ``fabric_transport``, failures become the step's error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import fabric_transport

from fabric_gateway import _arguments, _diagnosis, _messages
from fabric_gateway._steps import Step
from fabric_gateway.errors import ClosedError, GatewayError, StatusCode


class Transport:
    """Carries serialized messages to the gateway peer.

    Args:
        connection: its calls end when this transport is closed.
        address: for the sentences of errors.
    """

    def __init__(self, connection: fabric_transport.Connection, address: str) -> None:
        self._connection = connection
        self._address = address
        self._ended = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether calls are refused, because this transport or the connection under it was closed."""
        return self._connection.closed

    async def unary(
        self,
        step: Step,
        request: bytes,
        *,
        timeout: float | None,  # noqa: ASYNC109 - becomes gRPC's deadline, which the peer sees too
        transaction_id: str | None,
    ) -> bytes:
        """Call and return the reply.

        Raises:
            GatewayError: the step's error, with what the nodes said.
            ClosedError: the transport had been closed before.
            ArgumentError: the timeout is no number.
        """
        _arguments.timeout(timeout)
        try:
            return await self._connection.unary(step.method, request, timeout)
        except fabric_transport.StreamError as error:
            raise self._failure(step, error, transaction_id, timeout) from error
        except fabric_transport.ClosedError as error:
            raise self._closed(transaction_id) from error

    async def stream(
        self,
        step: Step,
        request: bytes,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> AsyncGenerator[bytes, None]:
        """Call and yield each reply until the peer ends the stream.

        Raises:
            GatewayError: the step's error, with what the nodes said.
            ClosedError: the transport had been closed before.
        """
        try:
            answers = self._connection.server_stream(step.method, request, timeout)
        except fabric_transport.ClosedError as error:
            raise self._closed(None) from error
        async with aclosing(self._answers(step, answers, timeout)) as messages:
            async for message in messages:
                yield message

    async def deliver(
        self,
        step: Step,
        request: bytes,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> AsyncGenerator[bytes, None]:
        """Open a bidirectional stream, write one message, and yield each reply as :meth:`stream` does.

        Raises:
            GatewayError: the step's error, with what the nodes said.
            ClosedError: the transport had been closed before.
        """
        try:
            conversation = self._connection.stream(step.method, timeout)
        except fabric_transport.ClosedError as error:
            raise self._closed(None) from error
        try:
            await conversation.write(request)
        except fabric_transport.StreamError as error:
            raise self._failure(step, error, None, timeout) from error
        except BaseException:
            conversation.cancel()
            raise
        async with aclosing(self._answers(step, conversation, timeout)) as messages:
            async for message in messages:
                yield message

    async def aclose(self) -> None:
        """End this transport's calls, streams and waits. May be repeated."""
        self._ended.set()
        await self._connection.close()

    async def wait(self, seconds: float) -> None:
        """Let time pass, but no longer than until the transport is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    async def _answers(
        self,
        step: Step,
        answers: fabric_transport.ServerStream,
        timeout: float | None,  # noqa: ASYNC109 - for the error's sentence
    ) -> AsyncGenerator[bytes, None]:
        try:
            while (message := await answers.read()) is not None:
                yield message
        except fabric_transport.StreamError as error:
            raise self._failure(step, error, None, timeout) from error
        finally:
            answers.cancel()

    def _closed(self, transaction_id: str | None) -> ClosedError:
        return ClosedError(
            f"the gateway to {self._address} is closed; connect again", transaction_id=transaction_id
        )

    def _failure(
        self,
        step: Step,
        error: fabric_transport.StreamError,
        transaction_id: str | None,
        timeout: float | None,
    ) -> GatewayError:
        status = StatusCode(error.status)
        if self.closed and status is StatusCode.CANCELLED:
            text = f"the gateway to {self._address} was closed during {step.error.step}"
            return step.error(text, code=status, transaction_id=transaction_id)
        details = _messages.error_details(error.details)
        text = _diagnosis.sentence(
            step=step.error.step,
            address=self._address,
            status=status,
            text=error.text,
            details=details,
            timeout=timeout,
        )
        return step.error(text, code=status, details=details, transaction_id=transaction_id)
