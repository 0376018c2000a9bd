"""A Gateway service in this process that answers as told, for failures that no real peer makes at will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import grpc
import grpc.aio
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.peer import proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf import any_pb2
from google.rpc import status_pb2

Context = grpc.aio.ServicerContext


def prepared_transaction(result: bytes, proposal: bytes = b"") -> common_pb2.Envelope:
    """What a gateway gives back for endorsements of ``proposal`` that agree on ``result``."""
    action = proposal_pb2.ChaincodeAction()
    action.response.status = 200
    action.response.payload = result
    response = proposal_response_pb2.ProposalResponsePayload(extension=action.SerializeToString())
    endorsed = transaction_pb2.ChaincodeEndorsedAction(proposal_response_payload=response.SerializeToString())
    proposed = proposal_pb2.Proposal.FromString(proposal)
    header = common_pb2.Header.FromString(proposed.header)
    invocation = proposal_pb2.ChaincodeProposalPayload.FromString(proposed.payload)
    invocation.ClearField("TransientMap")
    payload = transaction_pb2.ChaincodeActionPayload(
        chaincode_proposal_payload=invocation.SerializeToString(), action=endorsed
    )
    transaction = transaction_pb2.Transaction(
        actions=[
            transaction_pb2.TransactionAction(
                header=header.signature_header, payload=payload.SerializeToString()
            )
        ]
    )
    payload_bytes = common_pb2.Payload(
        header=header, data=transaction.SerializeToString()
    ).SerializeToString()
    return common_pb2.Envelope(payload=payload_bytes)


async def fail(
    context: Context, code: grpc.StatusCode, text: str, *details: tuple[str, str, str]
) -> NoReturn:
    """End the call as the gateway does: a status with one ErrorDetail for each node."""
    status = status_pb2.Status(code=code.value[0], message=text)
    for address, msp_id, message in details:
        packed = any_pb2.Any()
        packed.Pack(gateway_pb2.ErrorDetail(address=address, msp_id=msp_id, message=message))
        status.details.append(packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(code, text)


class FakeGateway(gateway_pb2_grpc.GatewayServicer):
    """Answers every call well until a test replaces an answer. Remembers the requests."""

    def __init__(self) -> None:
        self.evaluated: list[gateway_pb2.EvaluateRequest] = []
        self.endorsed: list[gateway_pb2.EndorseRequest] = []
        self.submitted: list[gateway_pb2.SubmitRequest] = []
        self.asked: list[gateway_pb2.CommitStatusRequest] = []
        self.followed: list[gateway_pb2.ChaincodeEventsRequest] = []
        self.reached = asyncio.Event()
        self.signatures: list[tuple[bytes, bytes]] = []
        self.result = b"result"
        self.prepared: common_pb2.Envelope | None = None
        self.validation_code = 0
        self.on_evaluate: Callable[[Context], Awaitable[None]] = _nothing
        self.on_endorse: Callable[[Context], Awaitable[None]] = _nothing
        self.on_submit: Callable[[Context], Awaitable[None]] = _nothing
        self.on_commit_status: Callable[[Context], Awaitable[None]] = _nothing
        # One script for each connection of a reader: what it is sent, a status code to end with.
        self.streams: asyncio.Queue[list[gateway_pb2.ChaincodeEventsResponse | grpc.StatusCode]] = (
            asyncio.Queue()
        )

    async def Evaluate(
        self, request: gateway_pb2.EvaluateRequest, context: Context
    ) -> gateway_pb2.EvaluateResponse:
        self.evaluated.append(request)
        await self.on_evaluate(context)
        return gateway_pb2.EvaluateResponse(
            result=proposal_response_pb2.Response(status=200, payload=self.result)
        )

    async def Endorse(
        self, request: gateway_pb2.EndorseRequest, context: Context
    ) -> gateway_pb2.EndorseResponse:
        self.endorsed.append(request)
        await self.on_endorse(context)
        proposed = request.proposed_transaction.proposal_bytes
        envelope = self.prepared or prepared_transaction(self.result, proposed)
        return gateway_pb2.EndorseResponse(prepared_transaction=envelope)

    async def Submit(
        self, request: gateway_pb2.SubmitRequest, context: Context
    ) -> gateway_pb2.SubmitResponse:
        self.submitted.append(request)
        await self.on_submit(context)
        return gateway_pb2.SubmitResponse()

    async def CommitStatus(
        self, request: gateway_pb2.SignedCommitStatusRequest, context: Context
    ) -> gateway_pb2.CommitStatusResponse:
        self.asked.append(gateway_pb2.CommitStatusRequest.FromString(request.request))
        self.signatures.append((request.request, request.signature))
        await self.on_commit_status(context)
        return gateway_pb2.CommitStatusResponse(result=self.validation_code, block_number=7)

    async def ChaincodeEvents(
        self, request: gateway_pb2.SignedChaincodeEventsRequest, context: Context
    ) -> AsyncIterator[gateway_pb2.ChaincodeEventsResponse]:
        self.followed.append(gateway_pb2.ChaincodeEventsRequest.FromString(request.request))
        self.signatures.append((request.request, request.signature))
        self.reached.set()
        for answer in await self.streams.get():
            if isinstance(answer, grpc.StatusCode):
                await context.abort(answer, "as scripted")
            else:
                yield answer


async def _nothing(_context: Context) -> None:
    return None


@asynccontextmanager
async def serving(service: gateway_pb2_grpc.GatewayServicer, port: int = 0) -> AsyncIterator[int]:
    """Serve it on this machine, without TLS; gives the port. Leaving cuts all connections."""
    server = grpc.aio.server(
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", 100 * 1024 * 1024),
            # By default grpcio's server drops some of more than a thousand that wait.
            ("grpc.server.max_pending_requests", 10_000),
            ("grpc.server.max_pending_requests_hard_limit", 20_000),
        ]
    )
    gateway_pb2_grpc.add_GatewayServicer_to_server(service, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(None)


class RawGateway(grpc.GenericRpcHandler):
    """Answers each call with bytes that need not be a message; the methods not named, as a good gateway."""

    def __init__(self, good: FakeGateway, answers: dict[str, bytes]) -> None:
        self._good = good
        self._answers = answers

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        name = details.method.rpartition("/")[2]
        requests = {
            "Evaluate": gateway_pb2.EvaluateRequest,
            "Endorse": gateway_pb2.EndorseRequest,
            "Submit": gateway_pb2.SubmitRequest,
            "CommitStatus": gateway_pb2.SignedCommitStatusRequest,
        }

        async def answer(request: bytes, context: Context) -> bytes:
            good = await getattr(self._good, name)(requests[name].FromString(request), context)
            return self._answers.get(name, good.SerializeToString())

        return grpc.unary_unary_rpc_method_handler(answer)


@asynccontextmanager
async def serving_raw(good: FakeGateway, answers: dict[str, bytes]) -> AsyncIterator[int]:
    """As :func:`serving`, with the answers of some methods replaced."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((RawGateway(good, answers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)
