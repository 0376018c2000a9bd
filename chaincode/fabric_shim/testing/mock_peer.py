"""A scripted peer: dials a chaincode server over real gRPC and plays a transcript.

.. code-block:: python

    async with MockPeer.dial(f"127.0.0.1:{port}", tls) as peer:
        await peer.register(write_batch=1000)
        tx = await peer.begin("move", "asset1", "ada")
        await tx.expect(transcript.get_state("asset1"), answer=b'{"owner":"bob"}')
        await tx.expect(transcript.write_batch(Write(WriteKind.PUT, "", "asset1", b'{"owner":"ada"}')))
        assert (await tx.completed()).response.status == 200

Whatever goes another way than the transcript says is an :class:`AssertionError`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Self

from fabric_transport import INSECURE, ClientStream, ClientTls, Insecure, StreamError, connect

from fabric_shim._internal import messages
from fabric_shim._internal.batching import BatchOffer
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim.chaincode import Response
from fabric_shim.invocation import ChaincodeEvent
from fabric_shim.testing import mock_peer_transcript as transcript
from fabric_shim.testing.identity import TestIdentity
from fabric_shim.testing.proposals import call_of

__all__ = ["Completed", "MockPeer", "MockTransaction", "transcript"]

_METHOD: Final = "/protos.Chaincode/Connect"
_TIMEOUT_SECONDS: Final = 10
_NO_FIELDS: Final[Mapping[str, bytes]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Completed:
    """How a transaction ended: its response, and the event if it set one."""

    response: Response
    event: ChaincodeEvent | None


class MockPeer:
    """One stream to a chaincode, as a peer's handler speaks on it.

    :ivar channel: the channel of the transactions that it begins.
    :ivar timestamp: the client's time in their proposals.
    """

    channel = "ch"
    timestamp = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, stream: ClientStream) -> None:
        self._stream = stream
        self._numbers = itertools.count(1)
        self._caller: TestIdentity | None = None

    @classmethod
    @asynccontextmanager
    async def dial(cls, address: str, tls: ClientTls | Insecure = INSECURE) -> AsyncIterator[Self]:
        """Connect to a chaincode server; the stream is cut at the end."""
        connection = connect(address, tls)
        try:
            peer = cls(connection.stream(_METHOD))
            try:
                yield peer
            finally:
                peer.hang_up()
        finally:
            await connection.close()

    async def register(self, *, write_batch: int = 1, get_multiple: int = 1) -> str:
        """Play the opening of every stream, and return the chaincode's id.

        :param write_batch: how many writes the peer takes in one message; 1: no batches, as Fabric 2.5.
        :param get_multiple: how many reads it takes in one message; Fabric 3.1 offers 1000 of both.
        """
        hello = await self.receive_message()
        _expect_kind(hello, MessageType.REGISTER)
        await self.send(MessageType.REGISTERED)
        offer = BatchOffer(write_batch, get_multiple)
        await self.send(MessageType.READY, payload=b"" if offer == BatchOffer() else messages.offer(offer))
        return messages.parse_register(hello)

    async def begin(
        self,
        *args: str | bytes,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        creator: TestIdentity | None = None,
        init: bool = False,
    ) -> MockTransaction:
        """Start a transaction: a function and its arguments.

        :param creator: who signs; None: somebody of the organisation ``TestMSP``.
        :param init: send INIT instead of TRANSACTION.
        """
        call = call_of(
            self.channel,
            next(self._numbers),
            self.timestamp,
            creator=creator or self._somebody(),
            transient=transient,
            args=args,
            kind=MessageType.INIT if init else MessageType.TRANSACTION,
        )
        await self.send_raw(messages.start(call))
        return MockTransaction(self, call.tx_id)

    async def send(self, kind: int, *, payload: bytes = b"", tx_id: str = "", channel: str = "") -> None:
        """Send a message, whether the protocol allows it here or not."""
        await self.send_raw(messages.request(kind, channel, tx_id, payload))

    async def send_raw(self, frame: bytes) -> None:
        """Send bytes, whether they are a message or not."""
        await self._stream.write(frame)

    async def receive_message(self) -> Message:
        """Return the chaincode's next message."""
        return messages.parse(await self.receive_raw())

    async def receive_raw(self) -> bytes:
        """Return the bytes of the chaincode's next message."""
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                frame = await self._stream.read()
        except StreamError as error:
            raise AssertionError(f"The stream broke: {error}") from error
        except TimeoutError:
            raise AssertionError(f"The chaincode said nothing for {_TIMEOUT_SECONDS} seconds.") from None
        if frame is None:
            raise AssertionError("The chaincode ended the stream.")
        return frame

    async def expect_end(self) -> None:
        """The chaincode ends the stream in order."""
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            if await self._stream.read() is not None:
                raise AssertionError("A message instead of the stream's end.")

    async def expect_silence(self) -> None:
        """Nothing but the answer to a KEEPALIVE comes."""
        await self.send(MessageType.KEEPALIVE)
        _expect_kind(await self.receive_message(), MessageType.KEEPALIVE)

    def hang_up(self) -> None:
        """Cut the stream at once."""
        self._stream.cancel()

    def _somebody(self) -> TestIdentity:
        if self._caller is None:
            self._caller = TestIdentity.create("TestMSP", "somebody")
        return self._caller


@dataclass(slots=True)
class MockTransaction:
    """One transaction of the transcript: what the chaincode asks, what the ledger answers, how it ends.

    Several may run at once on a stream when the transcript says in which order their messages come.
    """

    peer: MockPeer = field(repr=False)
    tx_id: str

    async def expect(self, request: transcript.Request, *, answer: bytes | None = b"") -> None:
        """The chaincode's next message is this request.

        :param answer: what the peer answers; None: nothing yet (:meth:`answer`, :meth:`answer_error`).
        """
        message = await self._receive(request.kind)
        if message.payload != request.payload:
            raise AssertionError(
                f"{request.kind.name} with {message.payload!r} instead of {request.payload!r}"
            )
        if answer is not None:
            await self.answer(answer)

    async def answer(self, payload: bytes = b"") -> None:
        """Answer the pending request."""
        await self._send(MessageType.RESPONSE, payload)

    async def answer_error(self, text: str) -> None:
        """Refuse the pending request."""
        await self._send(MessageType.ERROR, text.encode())

    async def completed(self) -> Completed:
        """The chaincode's next message is this transaction's response."""
        frame = await self.peer.receive_raw()
        self._check(messages.parse(frame), MessageType.COMPLETED)
        return Completed(*messages.parse_completed(frame))

    async def failed(self) -> str:
        """The chaincode's next message is ERROR for this transaction; gives its text."""
        return (await self._receive(MessageType.ERROR)).payload.decode()

    async def _receive(self, kind: MessageType) -> Message:
        message = await self.peer.receive_message()
        self._check(message, kind)
        return message

    def _check(self, message: Message, kind: MessageType) -> None:
        _expect_kind(message, kind)
        if (message.channel_id, message.tx_id) != (self.peer.channel, self.tx_id):
            raise AssertionError("The message belongs to another transaction.")

    async def _send(self, kind: MessageType, payload: bytes) -> None:
        await self.peer.send(kind, payload=payload, tx_id=self.tx_id, channel=self.peer.channel)


def _expect_kind(message: Message, kind: MessageType) -> None:
    if message.type != kind:
        known = {each.value: each.name for each in MessageType}
        raise AssertionError(f"{known.get(message.type, 'an unknown message')} instead of {kind.name}.")
