"""The public mock peer, with transcripts in the protocol's own messages: what the shim encodes is read by
Fabric's generated code, not by the shim's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fabric_protos.common import common_pb2
from fabric_protos.peer import chaincode_shim_pb2, proposal_pb2, proposal_response_pb2
from fabric_shim.testing import TestIdentity, mock_peer
from fabric_transport import ClientTls
from google.protobuf.message import Message

from tests.protocol.certificates import KeyPair

ChaincodeMessage = chaincode_shim_pb2.ChaincodeMessage
TIMESTAMP = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=UTC)
CALLER = TestIdentity.create("AMSP", "somebody", attributes={"care.role": "auditor"})
CHANNEL = "ch"


@asynccontextmanager
async def dial(port: int, ca: bytes, client: KeyPair | None) -> AsyncIterator[MockPeer]:
    tls = ClientTls(ca, client.certificate if client else None, client.key if client else None)
    async with _Dated.dial(f"127.0.0.1:{port}", tls) as peer:
        yield MockPeer(peer)


class _Dated(mock_peer.MockPeer):
    channel = CHANNEL
    timestamp = TIMESTAMP


class MockPeer:
    """One stream to the chaincode, as the peer's handler speaks on it."""

    def __init__(self, peer: mock_peer.MockPeer) -> None:
        self._peer = peer
        self.register = peer.register
        self.send = peer.send
        self.send_raw = peer.send_raw
        self.expect_end = peer.expect_end
        self.expect_silence = peer.expect_silence
        self.hang_up = peer.hang_up

    async def receive(self) -> ChaincodeMessage:
        return ChaincodeMessage.FromString(await self._peer.receive_raw())

    async def begin(
        self,
        *args: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        creator: TestIdentity = CALLER,
        init: bool = False,
    ) -> Transaction:
        """Start a transaction."""
        begun = await self._peer.begin(*args, transient=transient or {}, creator=creator, init=init)
        return Transaction(self, begun.tx_id)


class Transaction:
    """One transaction of the transcript: what the chaincode asks, what the ledger answers, how it ends."""

    channel = CHANNEL

    def __init__(self, peer: MockPeer, tx_id: str) -> None:
        self._peer = peer
        self.tx_id = tx_id

    async def expect(self, kind: int, payload: Message) -> None:
        """The chaincode's next message is this request."""
        message = await self.receive()
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
        message = await self.receive()
        assert message.type == ChaincodeMessage.COMPLETED
        return proposal_response_pb2.Response.FromString(message.payload), message

    async def failed(self) -> str:
        """The chaincode's next message is ERROR for this transaction; gives its text."""
        message = await self.receive()
        assert message.type == ChaincodeMessage.ERROR
        return message.payload.decode()

    async def receive(self) -> ChaincodeMessage:
        """The chaincode's next message, which is this transaction's."""
        message = await self._peer.receive()
        assert (message.txid, message.channel_id) == (self.tx_id, self.channel)
        return message


def signed_proposal(
    tx_id: str, nonce: bytes, creator: TestIdentity, transient: Mapping[str, bytes]
) -> proposal_pb2.SignedProposal:
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.ENDORSER_TRANSACTION, tx_id=tx_id, channel_id=CHANNEL
    )
    channel_header.timestamp.FromDatetime(TIMESTAMP)
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=creator.creator, nonce=nonce).SerializeToString(),
    )
    payload = proposal_pb2.ChaincodeProposalPayload(TransientMap=dict(transient))
    proposal = proposal_pb2.Proposal(header=header.SerializeToString(), payload=payload.SerializeToString())
    return proposal_pb2.SignedProposal(proposal_bytes=proposal.SerializeToString(), signature=b"signature")
