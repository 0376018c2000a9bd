"""A peer and orderer in this process that answers as told, over real gRPC and TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio
from carechannel.sdk.admin import Administrator, Endpoint
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2

from tests.protocol.certificates import Authority, KeyPair

Context = grpc.aio.ServicerContext
Reply = bytes | grpc.StatusCode | Awaitable[bytes]


def administrator(msp_id: str = "Org1MSP", authority: Authority | None = None) -> Administrator:
    pair = (authority or Authority("ca")).issue("admin")
    return Administrator(msp_id, pair.certificate, pair.key)


def responds(
    payload: bytes = b"",
    status: int = 200,
    message: str = "",
    *,
    endorsed: bytes = b"",
    signature: bytes = b"s",
) -> bytes:
    """A `ProposalResponse`."""
    return proposal_response_pb2.ProposalResponse(
        version=1,
        response=proposal_response_pb2.Response(status=status, message=message, payload=payload),
        payload=endorsed,
        endorsement=proposal_response_pb2.Endorsement(endorser=b"e", signature=signature)
        if endorsed
        else None,
    ).SerializeToString()


@dataclass(frozen=True)
class Asked:
    """A proposal as the peer reads it."""

    channel: str
    chaincode: str
    function: str
    arguments: tuple[bytes, ...]
    signed: proposal_pb2.SignedProposal

    @staticmethod
    def read(request: bytes) -> Asked:
        signed = proposal_pb2.SignedProposal.FromString(request)
        proposal = proposal_pb2.Proposal.FromString(signed.proposal_bytes)
        header = common_pb2.Header.FromString(proposal.header)
        payload = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
        spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
        function, *arguments = spec.input.args
        return Asked(
            common_pb2.ChannelHeader.FromString(header.channel_header).channel_id,
            spec.chaincode_id.name,
            function.decode(),
            tuple(arguments),
            signed,
        )


@dataclass
class ScriptedNode:
    """`replies` by the function that a proposal calls, or by the name of another method."""

    authority: Authority
    pair: KeyPair
    port: int = 0
    replies: dict[str, Reply | Callable[[Asked], Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    def endpoint(self, *, timeout: float = 5.0, client: KeyPair | None = None) -> Endpoint:
        return Endpoint(
            f"127.0.0.1:{self.port}",
            self.authority.certificate,
            client_certificate_pem=client.certificate if client else None,
            client_key_pem=client.key if client else None,
            timeout=timeout,
        )

    async def process_proposal(self, request: bytes, context: Context) -> bytes:
        asked = Asked.read(request)
        self.asked.append(asked)
        reply = self.replies[asked.function]
        return await self._give(reply(asked) if callable(reply) else reply, context)

    async def other(self, method: str, request: bytes, context: Context) -> bytes:
        self.requests.append((method, request))
        reply = self.replies[method]
        assert not callable(reply)
        return await self._give(reply, context)

    async def _give(self, reply: Reply, context: Context) -> bytes:
        if isinstance(reply, grpc.StatusCode):
            await context.abort(reply, "as the script says")
        if isinstance(reply, bytes):
            return reply
        assert not isinstance(reply, grpc.StatusCode)
        return await reply


@asynccontextmanager
async def scripted_node(*, mutual: bool = False) -> AsyncIterator[ScriptedNode]:
    authority = Authority("tls-ca")
    node = ScriptedNode(authority, authority.issue("127.0.0.1"))
    server = grpc.aio.server()

    def unary(name: str) -> grpc.RpcMethodHandler:
        async def serve(request: bytes, context: Context) -> bytes:
            return await node.other(name, request, context)

        return grpc.unary_unary_rpc_method_handler(serve)

    def stream(name: str) -> grpc.RpcMethodHandler:
        async def serve(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            async for request in requests:
                reply = await node.other(name, request, context)
                if reply != NOTHING:
                    yield reply
                return

        return grpc.stream_stream_rpc_method_handler(serve)

    methods = {
        "protos.Endorser": {"ProcessProposal": grpc.unary_unary_rpc_method_handler(node.process_proposal)},
        "discovery.Discovery": {"Discover": unary("Discover")},
        "gateway.Gateway": {"CommitStatus": unary("CommitStatus")},
        "orderer.AtomicBroadcast": {"Broadcast": stream("Broadcast"), "Deliver": stream("Deliver")},
    }
    for service, handlers in methods.items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    credentials = grpc.ssl_server_credentials(
        [(node.pair.key, node.pair.certificate)],
        root_certificates=authority.certificate if mutual else None,
        require_client_auth=mutual,
    )
    node.port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield node
    finally:
        await server.stop(0)


NOTHING = b"-nothing-"
"""A stream ends without an answer."""


def broadcast(status: int = 200, info: str = "") -> bytes:
    return ab_pb2.BroadcastResponse(status=status, info=info).SerializeToString()


def commit_status(code: int = 0) -> bytes:
    return gateway_pb2.CommitStatusResponse(result=code, block_number=7).SerializeToString()


async def never() -> bytes:
    await asyncio.sleep(60)
    return b""
