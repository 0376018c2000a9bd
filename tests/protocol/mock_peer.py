"""A scripted peer: dials a chaincode server over real gRPC with mutual TLS and plays transcripts."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import grpc
import grpc.aio
from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, proposal_pb2, proposal_response_pb2
from fabric_shim.testing import TestIdentity
from google.protobuf.message import Message

from tests.protocol.certificates import KeyPair

ChaincodeMessage = chaincode_shim_pb2.ChaincodeMessage
TIMEOUT_SECONDS = 10
TIMESTAMP = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
CALLER = TestIdentity.create("AMSP", "somebody", attributes={"care.role": "auditor"})
_MAX_MESSAGE = 100 * 1024 * 1024
_nonces = itertools.count(1)


@asynccontextmanager
async def dial(port: int, ca: bytes, client: KeyPair | None) -> AsyncIterator[MockPeer]:
    credentials = grpc.ssl_channel_credentials(
        ca, client.key if client else None, client.certificate if client else None
    )
    options = (
        ("grpc.max_receive_message_length", _MAX_MESSAGE),
        ("grpc.max_send_message_length", _MAX_MESSAGE),
    )
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:
        peer = MockPeer(channel)
        try:
            yield peer
        finally:
            peer.hang_up()


class MockPeer:
    """One stream to the chaincode, as the peer's handler speaks on it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._call: grpc.aio.StreamStreamCall[bytes, bytes] = channel.stream_stream(
            "/protos.Chaincode/Connect"
        )()

    def hang_up(self) -> None:
        self._call.cancel()

    async def send_raw(self, frame: bytes) -> None:
        await self._call.write(frame)

    async def send(self, kind: int, *, payload: bytes = b"", tx_id: str = "", channel: str = "") -> None:
        message = ChaincodeMessage(type=kind, payload=payload, txid=tx_id, channel_id=channel)  # type: ignore[arg-type]
        await self.send_raw(message.SerializeToString())

    async def receive(self) -> ChaincodeMessage:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            frame = await self._call.read()
        assert isinstance(frame, bytes), "the chaincode ended the stream"
        return ChaincodeMessage.FromString(frame)

    async def expect_end(self) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await self._call.read() is grpc.aio.EOF
            assert await self._call.code() is grpc.StatusCode.OK

    async def expect_silence(self) -> None:
        """Nothing but the answer to a KEEPALIVE comes."""
        await self.send(ChaincodeMessage.KEEPALIVE)
        assert (await self.receive()).type == ChaincodeMessage.KEEPALIVE

    async def register(self) -> str:
        """The opening of every stream; gives the chaincode id."""
        message = await self.receive()
        assert message.type == ChaincodeMessage.REGISTER
        await self.send(ChaincodeMessage.REGISTERED)
        await self.send(ChaincodeMessage.READY)
        return chaincode_pb2.ChaincodeID.FromString(message.payload).name

    async def begin(
        self,
        *args: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        creator: TestIdentity = CALLER,
        init: bool = False,
    ) -> Transaction:
        """Start a transaction."""
        nonce = next(_nonces).to_bytes(24, "big")
        transaction = Transaction(self, hashlib.sha256(nonce + creator.creator).hexdigest())
        message = ChaincodeMessage(
            type=ChaincodeMessage.INIT if init else ChaincodeMessage.TRANSACTION,
            payload=chaincode_pb2.ChaincodeInput(
                args=[arg.encode() if isinstance(arg, str) else arg for arg in args]
            ).SerializeToString(),
            txid=transaction.tx_id,
            channel_id=Transaction.channel,
            proposal=signed_proposal(transaction.tx_id, nonce, creator, transient or {}),
        )
        await self.send_raw(message.SerializeToString())
        return transaction


class Transaction:
    """One transaction of the transcript: what the chaincode asks, what the ledger answers, how it ends."""

    channel = "ch"

    def __init__(self, peer: MockPeer, tx_id: str) -> None:
        self._peer = peer
        self.tx_id = tx_id

    async def expect(self, kind: int, payload: Message) -> None:
        """The chaincode's next message is this request."""
        message = await self._receive()
        assert message.type == kind
        assert type(payload).FromString(message.payload) == payload

    async def answer(self, payload: bytes | Message = b"") -> None:
        data = payload if isinstance(payload, bytes) else payload.SerializeToString()
        await self._peer.send(ChaincodeMessage.RESPONSE, payload=data, tx_id=self.tx_id, channel=self.channel)

    async def answer_error(self, text: str) -> None:
        await self._peer.send(
            ChaincodeMessage.ERROR, payload=text.encode(), tx_id=self.tx_id, channel=self.channel
        )

    async def completed(self) -> tuple[proposal_response_pb2.Response, ChaincodeMessage]:
        """The chaincode's next message is this transaction's response."""
        message = await self._receive()
        assert message.type == ChaincodeMessage.COMPLETED
        return proposal_response_pb2.Response.FromString(message.payload), message

    async def failed(self) -> str:
        """The chaincode's next message is ERROR for this transaction; gives its text."""
        message = await self._receive()
        assert message.type == ChaincodeMessage.ERROR
        return message.payload.decode()

    async def _receive(self) -> ChaincodeMessage:
        message = await self._peer.receive()
        assert (message.txid, message.channel_id) == (self.tx_id, self.channel)
        return message


def signed_proposal(
    tx_id: str, nonce: bytes, creator: TestIdentity, transient: Mapping[str, bytes]
) -> proposal_pb2.SignedProposal:
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.ENDORSER_TRANSACTION, tx_id=tx_id, channel_id=Transaction.channel
    )
    channel_header.timestamp.FromDatetime(TIMESTAMP)
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=creator.creator, nonce=nonce).SerializeToString(),
    )
    payload = proposal_pb2.ChaincodeProposalPayload(TransientMap=dict(transient))
    proposal = proposal_pb2.Proposal(header=header.SerializeToString(), payload=payload.SerializeToString())
    return proposal_pb2.SignedProposal(proposal_bytes=proposal.SerializeToString(), signature=b"signature")
