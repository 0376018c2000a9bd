"""A gateway that answers what it should not: nothing else is signed, and every answer is an error of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import fabric_transport.grpc_client
import grpc
import grpc.aio
import pytest
from fabric_gateway import (
    CommitStatusError,
    EvaluateError,
    EventsError,
    Gateway,
    Identity,
    Network,
    ResponseError,
    SignableError,
    StatusCode,
    SubmitError,
    connect,
    signers,
)
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, transaction_pb2
from fabric_transport.grpc_unary import CoreCalls, PublicCalls

from tests.unit.fabric_gateway.fake_gateway import Context, FakeGateway, fail, prepared_transaction
from tests.unit.fabric_gateway.people import Credentials

CONFIG_UPDATE = common_pb2.Payload(
    header=common_pb2.Header(
        channel_header=common_pb2.ChannelHeader(
            type=common_pb2.CONFIG_UPDATE, channel_id="channel1"
        ).SerializeToString()
    ),
    # Of one update, and of a transaction with one action.
    data=b"\x0a\x02\x0a\x00",
).SerializeToString()


def header_of(proposal: bytes) -> common_pb2.Header:
    return common_pb2.Header.FromString(proposal_pb2.Proposal.FromString(proposal).header)


def changed(name: str, proposal: bytes) -> bytes:
    """The payload for ``proposal`` with one part of it exchanged."""
    payload = common_pb2.Payload.FromString(prepared_transaction(b"result", proposal).payload)
    channel = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    signature = common_pb2.SignatureHeader.FromString(payload.header.signature_header)
    match name:
        case "type":
            channel.type = common_pb2.CONFIG_UPDATE
        case "chaincode":
            channel.extension = b""
        case "time":
            channel.timestamp.seconds = 1
        case "epoch":
            channel.epoch = 1
        case "creator":
            signature.creator = b"somebody else"
        case "nonce":
            signature.nonce = b"another"
        case "function":
            transaction = transaction_pb2.Transaction.FromString(payload.data)
            action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
            action.chaincode_proposal_payload = proposal_pb2.ChaincodeProposalPayload(
                input=b"another"
            ).SerializeToString()
            transaction.actions[0].payload = action.SerializeToString()
            payload.data = transaction.SerializeToString()
        case "configuration":
            return CONFIG_UPDATE
    payload.header.channel_header = channel.SerializeToString()
    payload.header.signature_header = signature.SerializeToString()
    return payload.SerializeToString()


@pytest.mark.parametrize(
    "part",
    ["type", "chaincode", "time", "epoch", "creator", "nonce", "function", "configuration"],
)
async def test_what_was_not_proposed_is_not_signed(part: str, network: Network, fake: FakeGateway) -> None:
    proposal = network.contract("basic").new_proposal("Create", arguments=["a"])
    fake.prepared = common_pb2.Envelope(payload=changed(part, proposal.message))
    with pytest.raises(ResponseError, match="another transaction than was proposed"):
        await proposal.endorse()


async def test_a_proposal_in_the_place_of_a_transaction_is_not_signed(
    network: Network, fake: FakeGateway
) -> None:
    """``Payload`` and ``Proposal`` have one form: signed as it came, this would let the gateway ask peers for
    anything in the identity's name."""
    proposal = network.contract("basic").new_proposal("Create", arguments=["a"])
    honest = prepared_transaction(b"result", proposal.message)
    action = transaction_pb2.Transaction.FromString(
        common_pb2.Payload.FromString(honest.payload).data
    ).actions[0]
    steal = chaincode_pb2.ChaincodeSpec(input=chaincode_pb2.ChaincodeInput(args=[b"ReadAllPatients"]))
    action.header = steal.SerializeToString()
    forged = common_pb2.Payload(
        header=header_of(proposal.message),
        data=transaction_pb2.Transaction(actions=[action]).SerializeToString(),
    ).SerializeToString()
    as_proposal = proposal_pb2.Proposal.FromString(forged)
    asked = proposal_pb2.ChaincodeProposalPayload.FromString(as_proposal.payload).input
    called = chaincode_pb2.ChaincodeInvocationSpec.FromString(asked).chaincode_spec.input.args
    assert list(called) == [b"ReadAllPatients"]

    fake.prepared = common_pb2.Envelope(payload=forged)
    transaction = await proposal.endorse()
    assert transaction.message == honest.payload


async def test_the_payload_of_an_honest_gateway_is_signed_as_it_is(
    network: Network, fake: FakeGateway
) -> None:
    """The transient content is not part of it."""
    proposal = network.contract("basic").new_proposal("Create", arguments=["a"], transient={"k": b"private"})
    transaction = await proposal.endorse()
    assert transaction.message == prepared_transaction(b"result", proposal.message).payload
    assert b"private" not in transaction.bytes


async def test_a_configuration_update_is_no_transaction_to_sign(gateway: Gateway) -> None:
    content = gateway_pb2.PreparedTransaction(
        envelope=common_pb2.Envelope(payload=CONFIG_UPDATE)
    ).SerializeToString()
    with pytest.raises(SignableError, match="not a transaction"):
        gateway.new_transaction(content)


@asynccontextmanager
async def answering(answers: list[bytes], identity: Identity, key: bytes) -> AsyncIterator[Network]:
    """A network whose gateway ends every call in order, after these messages."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
            async def answer(_requests: object, _context: Context) -> AsyncIterator[bytes]:
                for message in answers:
                    yield message

            return grpc.stream_stream_rpc_method_handler(answer)

    server = grpc.aio.server(options=[("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        signer = signers.ecdsa(key)
        async with await connect(address=f"127.0.0.1:{port}", identity=identity, signer=signer) as gateway:
            yield gateway.network("channel1")
    finally:
        await server.stop(None)


@pytest.mark.parametrize("calls", [None, lambda channel: PublicCalls(channel, {})], ids=["core", "public"])
async def test_a_call_ended_in_order_without_an_answer(
    calls: Callable[[grpc.aio.Channel], PublicCalls] | None,
    identity: Identity,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if calls is not None:
        monkeypatch.setattr(fabric_transport.grpc_client, "unary_calls", calls)
    async with answering([], identity, credentials.key_pem) as network:
        with pytest.raises(EvaluateError, match="without an answer") as evaluated:
            await network.contract("basic").evaluate_transaction("Read")
        assert evaluated.value.code is StatusCode.INTERNAL
        with pytest.raises(CommitStatusError) as asked:
            await network.commit("ab" * 32).status()
        assert asked.value.outcome_unknown


async def test_an_answer_that_is_too_large_says_nothing_about_the_outcome(
    identity: Identity, credentials: Credentials, network: Network
) -> None:
    transaction = await network.contract("basic").new_proposal("Create").endorse()
    async with answering([bytes(101 * 1024 * 1024)], identity, credentials.key_pem) as other:
        session = transaction._session
        transaction._session = other._session
        with pytest.raises(SubmitError, match="larger than max") as raised:
            await transaction.submit()
        transaction._session = session
        assert raised.value.code is StatusCode.RESOURCE_EXHAUSTED
        assert raised.value.outcome_unknown
        assert not raised.value.transient
        with pytest.raises(EvaluateError, match="Sent message larger") as sent:
            await other.contract("basic").evaluate_transaction("Read", bytes(101 * 1024 * 1024))
        assert not sent.value.transient
        # It would be as large the next time.
        with pytest.raises(EventsError, match="larger than max"):
            await anext(other.chaincode_events("basic", start_block=0))


async def test_a_long_message_of_the_chaincode_arrives(network: Network, fake: FakeGateway) -> None:
    """By default gRPC takes 8 KiB of them."""
    long = "sorry " * 20_000

    async def refuse(context: Context) -> None:
        said = f"chaincode response 500, {long}"
        await fail(context, grpc.StatusCode.UNKNOWN, said, ("peer0:7051", "Org1MSP", said))

    fake.on_evaluate = refuse
    with pytest.raises(EvaluateError) as raised:
        await network.contract("basic").evaluate_transaction("Read")
    assert raised.value.code is StatusCode.UNKNOWN
    assert raised.value.chaincode_message == long


@pytest.mark.parametrize("status", ["9" * 5000, "٥٠٠"])
async def test_what_is_no_status_of_a_chaincode(status: str, network: Network, fake: FakeGateway) -> None:
    async def refuse(context: Context) -> None:
        await fail(context, grpc.StatusCode.UNKNOWN, f"chaincode response {status}, no")

    fake.on_evaluate = refuse
    with pytest.raises(EvaluateError) as raised:
        await network.contract("basic").evaluate_transaction("Read")
    assert raised.value.chaincode_status is None


async def test_a_terminal_is_not_commanded(network: Network, fake: FakeGateway) -> None:
    said = "\x1b]0;title\x07red\r\x9b31m\x00\ttab\nline"

    async def refuse(context: Context) -> None:
        await fail(context, grpc.StatusCode.UNKNOWN, said, (said, said, said))

    fake.on_evaluate = refuse
    with pytest.raises(EvaluateError) as raised:
        await network.contract("basic").evaluate_transaction("Read")
    assert str(raised.value).startswith("\\x1b]0;title\\x07red\\x0d\\x9b31m\\x00\ttab\nline\n")
    assert not set(str(raised.value)) & set("\x1b\x07\r\x9b\x00")
    assert raised.value.details[0].message == said


async def test_the_lean_way_is_taken_with_this_grpcio(gateway: Gateway) -> None:
    """Were it not, the public way would be measured and believed to be the lean one."""
    assert isinstance(gateway._session.transport._connection._unary, CoreCalls)  # type: ignore[attr-defined]
