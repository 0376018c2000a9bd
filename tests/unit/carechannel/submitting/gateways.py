"""Several gateway peers over real gRPC, in front of one chain; each step of each can be made to go wrong."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from carechannel.submitting import ConnectedPeer
from fabric_gateway import Identity, ValidationCode, connect, signers
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf import any_pb2
from google.rpc import status_pb2

from tests.unit.fabric_gateway.people import Credentials

CHANNEL, CHAINCODE = "channel1", "basic"
Context = grpc.aio.ServicerContext
Proceed = Callable[[], Awaitable[None]]
Trouble = Callable[[Context, Proceed], Awaitable[None]]


def fails(code: grpc.StatusCode, text: str = "as scripted", *details: str) -> Trouble:
    """The step fails; nothing of it happens."""

    async def trouble(context: Context, _proceed: Proceed) -> None:
        await _fail(context, code, text, *details)

    return trouble


def loses_reply(code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> Trouble:
    """The step happens, but the caller hears of a failure."""

    async def trouble(context: Context, proceed: Proceed) -> None:
        await proceed()
        await _fail(context, code, "connection reset")

    return trouble


def loses_request() -> Trouble:
    """The caller is told that all is well, but nothing happened."""

    async def trouble(_context: Context, _proceed: Proceed) -> None:
        return None

    return trouble


def hangs() -> Trouble:
    async def trouble(_context: Context, _proceed: Proceed) -> None:
        await asyncio.sleep(60)

    return trouble


async def _fail(context: Context, code: grpc.StatusCode, text: str, *details: str) -> None:
    status = status_pb2.Status(code=code.value[0], message=text)
    for message in details:
        packed = any_pb2.Any()
        packed.Pack(gateway_pb2.ErrorDetail(address="peer9:7051", msp_id="OtherMSP", message=message))
        status.details.append(packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(code, text)


class Chain:
    """Blocks of one transaction each, unless a test puts more into one.

    Attributes:
        verdicts: validation codes of the next transactions that are new; afterwards all are valid.
        handed: the id of every envelope that the orderers were given, duplicates too.
    """

    def __init__(self) -> None:
        self.blocks: list[list[tuple[bytes, str, ValidationCode]]] = []
        self.verdicts: deque[ValidationCode] = deque()
        self.handed: list[str] = []
        self.forge_before_next = False
        self._news = asyncio.Condition()

    @property
    def valid(self) -> list[str]:
        return [one for block in self.blocks for _, one, code in block if code is ValidationCode.VALID]

    async def order(self, envelope: bytes, transaction_id: str) -> None:
        self.handed.append(transaction_id)
        code = ValidationCode.DUPLICATE_TXID
        if self.find(transaction_id) is None:
            code = self.verdicts.popleft() if self.verdicts else ValidationCode.VALID
        block = [(envelope, transaction_id, code)]
        if self.forge_before_next:
            self.forge_before_next = False
            block.insert(0, (envelope, transaction_id, ValidationCode.BAD_PROPOSAL_TXID))
        async with self._news:
            self.blocks.append(block)
            self._news.notify_all()

    def find(self, transaction_id: str) -> tuple[int, ValidationCode] | None:
        """The first transaction with that id, as a peer's index gives it."""
        for number, block in enumerate(self.blocks):
            for _, one, code in block:
                if one == transaction_id:
                    return number, code
        return None

    async def wait(self, transaction_id: str) -> tuple[int, ValidationCode]:
        async with self._news:
            await self._news.wait_for(lambda: self.find(transaction_id) is not None)
        found = self.find(transaction_id)
        assert found is not None
        return found

    def block(self, transaction_id: str) -> bytes:
        """The block that holds it, serialized."""
        found = self.find(transaction_id)
        assert found is not None
        number = found[0]
        data = [envelope for envelope, _, _ in self.blocks[number]]
        block = common_pb2.Block()
        block.header.number = number
        block.header.data_hash = hashlib.sha256(b"".join(data)).digest()
        block.data.data.extend(data)
        block.metadata.metadata.extend(
            [b"", b"", bytes(code for _, _, code in self.blocks[number]), b"", b""]
        )
        return block.SerializeToString()


@dataclass
class Script:
    """What goes wrong at a peer: one entry per call of each step, afterwards `always`, or nothing."""

    next: dict[str, deque[Trouble | None]] = field(default_factory=dict)
    always: dict[str, Trouble] = field(default_factory=dict)

    def __call__(self, step: str, *troubles: Trouble | None) -> None:
        self.next.setdefault(step, deque()).extend(troubles)

    def trouble(self, step: str) -> Trouble | None:
        queue = self.next.get(step)
        return queue.popleft() if queue else self.always.get(step)


class FakePeer(gateway_pb2_grpc.GatewayServicer):
    """One peer's gateway. `calls` lists the steps that it was asked for."""

    def __init__(self, name: str, chain: Chain):
        self.name = name
        self.chain = chain
        self.script = Script()
        self.calls: list[str] = []
        self.transients: list[dict[str, bytes]] = []
        self.result = b"the result"

    async def Evaluate(
        self, request: gateway_pb2.EvaluateRequest, context: Context
    ) -> gateway_pb2.EvaluateResponse:
        proposal = proposal_pb2.Proposal.FromString(request.proposed_transaction.proposal_bytes)
        called = _invocation(proposal)
        reply = proposal_response_pb2.Response(status=200, payload=self.result)
        if called.chaincode_spec.chaincode_id.name == "qscc":
            await self._step("read-block", context, _nothing)
            transaction_id = called.chaincode_spec.input.args[2].decode()
            reply.payload = self.chain.block(transaction_id)
        else:
            await self._step("evaluate", context, _nothing)
        return gateway_pb2.EvaluateResponse(result=reply)

    async def Endorse(
        self, request: gateway_pb2.EndorseRequest, context: Context
    ) -> gateway_pb2.EndorseResponse:
        proposal = proposal_pb2.Proposal.FromString(request.proposed_transaction.proposal_bytes)
        content = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        self.transients.append(dict(content.TransientMap))
        await self._step("endorse", context, _nothing)
        return gateway_pb2.EndorseResponse(prepared_transaction=_prepared(proposal, self.result))

    async def Submit(
        self, request: gateway_pb2.SubmitRequest, context: Context
    ) -> gateway_pb2.SubmitResponse:
        async def order() -> None:
            envelope = request.prepared_transaction
            await self.chain.order(envelope.SerializeToString(), request.transaction_id)

        await self._step("submit", context, order)
        return gateway_pb2.SubmitResponse()

    async def CommitStatus(
        self, request: gateway_pb2.SignedCommitStatusRequest, context: Context
    ) -> gateway_pb2.CommitStatusResponse:
        await self._step("status", context, _nothing)
        asked = gateway_pb2.CommitStatusRequest.FromString(request.request)
        number, code = await self.chain.wait(asked.transaction_id)
        return gateway_pb2.CommitStatusResponse(result=int(code), block_number=number)  # type: ignore[arg-type]

    async def _step(self, step: str, context: Context, proceed: Proceed) -> None:
        self.calls.append(step)
        trouble = self.script.trouble(step)
        await (proceed() if trouble is None else trouble(context, proceed))


async def _nothing() -> None:
    return None


def _invocation(proposal: proposal_pb2.Proposal) -> chaincode_pb2.ChaincodeInvocationSpec:
    content = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
    return chaincode_pb2.ChaincodeInvocationSpec.FromString(content.input)


def _prepared(proposal: proposal_pb2.Proposal, result: bytes) -> common_pb2.Envelope:
    action = proposal_pb2.ChaincodeAction()
    action.response.status = 200
    action.response.payload = result
    response = proposal_response_pb2.ProposalResponsePayload(extension=action.SerializeToString())
    content = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
    content.ClearField("TransientMap")
    endorsed = transaction_pb2.ChaincodeActionPayload(
        chaincode_proposal_payload=content.SerializeToString(),
        action=transaction_pb2.ChaincodeEndorsedAction(
            proposal_response_payload=response.SerializeToString()
        ),
    )
    transaction = transaction_pb2.Transaction(
        actions=[transaction_pb2.TransactionAction(payload=endorsed.SerializeToString())]
    )
    payload = common_pb2.Payload(
        header=common_pb2.Header.FromString(proposal.header), data=transaction.SerializeToString()
    )
    return common_pb2.Envelope(payload=payload.SerializeToString())


@asynccontextmanager
async def serving(peer: FakePeer) -> AsyncIterator[str]:
    """The address at which a peer serves."""
    server = grpc.aio.server()
    gateway_pb2_grpc.add_GatewayServicer_to_server(peer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@asynccontextmanager
async def connected(peer: FakePeer, credentials: Credentials) -> AsyncIterator[ConnectedPeer]:
    """A peer that serves, and a gateway to it."""
    signer: Any = signers.ecdsa(credentials.key_pem)
    identity = Identity("Org1MSP", credentials.certificate_pem)
    async with (
        serving(peer) as address,
        await connect(address=address, identity=identity, signer=signer) as gateway,
    ):
        yield ConnectedPeer(peer.name, gateway)
