"""Offline signing: what has no key makes the messages, what has the key sees a digest only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from fabric_gateway import (
    CommitStatusError,
    EvaluateError,
    FabricGatewayError,
    Gateway,
    Identity,
    NoSignerError,
    ResponseError,
    SignableError,
    connect,
    signers,
)
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2

from tests.unit.fabric_gateway.fake_gateway import FakeGateway, prepared_transaction
from tests.unit.fabric_gateway.people import Credentials, self_signed


@pytest.fixture
async def keyless(address: str, identity: Identity) -> AsyncIterator[Gateway]:
    async with await connect(address=address, identity=identity) as gateway:
        yield gateway


async def test_each_step_is_signed_elsewhere(
    keyless: Gateway, fake: FakeGateway, credentials: Credentials
) -> None:
    sign = signers.ecdsa(credentials.key_pem)
    contract = keyless.network("channel1").contract("basic")
    unsigned = contract.new_proposal(
        "Create", arguments=["a"], transient={"x": b"y"}, endorsing_organizations=["Org2MSP"]
    )

    proposal = keyless.new_signed_proposal(unsigned.bytes, await sign(unsigned.digest))
    assert proposal.transaction_id == unsigned.transaction_id
    assert await proposal.evaluate() == b"result"
    transaction = await proposal.endorse()
    assert list(fake.endorsed[0].endorsing_organizations) == ["Org2MSP"]
    assert list(fake.evaluated[0].target_organizations) == ["Org2MSP"]
    assert fake.endorsed[0].channel_id == "channel1"

    signed = keyless.new_signed_transaction(transaction.bytes, await sign(transaction.digest))
    assert (signed.transaction_id, signed.result) == (unsigned.transaction_id, b"result")
    submitted = await signed.submit()
    assert submitted.result == b"result"
    assert fake.submitted[0].channel_id == "channel1"

    commit = keyless.new_signed_commit(submitted.bytes, await sign(submitted.digest))
    assert (await commit.status()).successful
    assert fake.asked[0].transaction_id == unsigned.transaction_id

    for part, message in (
        (fake.endorsed[0].proposed_transaction.signature, unsigned.digest),
        (fake.submitted[0].prepared_transaction.signature, transaction.digest),
        (fake.signatures[0][1], submitted.digest),
    ):
        verify_digest(credentials, message, part)


def verify_digest(credentials: Credentials, digest: bytes, signature: bytes) -> None:
    credentials.key.public_key().verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


async def test_what_needs_a_signature_says_how_to_give_one(
    keyless: Gateway, fake: FakeGateway, credentials: Credentials
) -> None:
    sign = signers.ecdsa(credentials.key_pem)
    network = keyless.network("channel1")
    proposal = network.contract("basic").new_proposal("Create")
    transaction = await keyless.new_signed_proposal(proposal.bytes, await sign(proposal.digest)).endorse()
    fake.endorsed.clear()
    for step, name in (
        (proposal.evaluate, "new_signed_proposal"),
        (proposal.endorse, "new_signed_proposal"),
        (transaction.submit, "new_signed_transaction"),
        (network.commit("ab" * 32).status, "new_signed_commit"),
    ):
        with pytest.raises(NoSignerError, match=rf"Gateway\.{name}\(bytes, signature\)") as raised:
            await step()
        assert raised.value.code == "no-signer"
    assert fake.evaluated == fake.endorsed == fake.submitted == fake.asked == []


async def test_the_unsigned_ones_come_back_and_are_signed_at_use(
    gateway: Gateway, keyless: Gateway, fake: FakeGateway
) -> None:
    """Made where there is no signer, used where there is one."""
    made = keyless.network("channel1").contract("basic").new_proposal("Create")
    proposal = gateway.new_proposal(made.bytes)
    assert (proposal.digest, proposal.bytes) == (made.digest, made.bytes)
    transaction = await proposal.endorse()
    again = gateway.new_transaction(transaction.bytes)
    assert (again.digest, again.bytes, again.result) == (transaction.digest, transaction.bytes, b"result")
    submitted = await again.submit()
    commit = gateway.new_commit(submitted.bytes)
    assert (commit.digest, commit.bytes) == (submitted.digest, submitted.bytes)
    assert (await commit.committed()).transaction_id == made.transaction_id


async def test_a_signature_is_kept_in_the_bytes(
    gateway: Gateway, keyless: Gateway, fake: FakeGateway
) -> None:
    proposal = gateway.network("channel1").contract("basic").new_proposal("Create")
    before = proposal.bytes
    transaction = await proposal.endorse()
    assert proposal.bytes != before
    submitted = await transaction.submit()
    await submitted.status()
    # The keyless gateway needs no signer for what is signed already.
    await keyless.new_proposal(proposal.bytes).evaluate()
    await keyless.new_transaction(transaction.bytes).submit()
    assert (await keyless.new_commit(submitted.bytes).status()).successful
    assert fake.evaluated[0].proposed_transaction == fake.endorsed[0].proposed_transaction
    assert fake.submitted[0] == fake.submitted[1]
    assert fake.signatures[0] == fake.signatures[1]


async def test_a_signer_is_asked_once_for_each_message(address: str, identity: Identity) -> None:
    asked: list[bytes] = []

    async def signer(digest: bytes) -> bytes:
        asked.append(digest)
        return b"signature"

    async with await connect(address=address, identity=identity, signer=signer) as gateway:
        proposal = gateway.network("channel1").contract("basic").new_proposal("Create")
        await proposal.evaluate()
        submitted = await (await proposal.endorse()).submit()
        await submitted.status()
        await submitted.status()
    assert asked == [proposal.digest, *asked[1:]]
    assert len(asked) == 3


async def test_a_failing_signer_is_heard_and_nothing_is_sent(
    address: str, identity: Identity, fake: FakeGateway
) -> None:
    async def signer(_digest: bytes) -> bytes:
        raise PermissionError("the phone said no")

    async with await connect(address=address, identity=identity, signer=signer) as gateway:
        with pytest.raises(PermissionError, match="the phone said no"):
            await gateway.network("channel1").contract("basic").submit_transaction("Create")
    assert fake.endorsed == []


async def test_a_signer_that_signs_nothing_is_an_error(
    address: str, identity: Identity, fake: FakeGateway
) -> None:
    async def signer(_digest: bytes) -> bytes:
        return b""

    async with await connect(address=address, identity=identity, signer=signer) as gateway:
        with pytest.raises(SignableError, match="empty"):
            await gateway.network("channel1").contract("basic").submit_transaction("Create")
    assert fake.endorsed == []


@pytest.mark.parametrize("kind", ["proposal", "transaction", "commit"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xff\xff",
        b"text",
        b"\x0a\x02\xff\xff",
        b"\x12\x03abc",
        gateway_pb2.SubmitRequest(transaction_id="ab").SerializeToString(),
    ],
)
async def test_bytes_of_something_else_are_refused(kind: str, content: bytes, keyless: Gateway) -> None:
    with pytest.raises(SignableError, match=f"not a {kind}") as raised:
        getattr(keyless, f"new_{kind}")(content)
    assert raised.value.code == "signable"
    with pytest.raises(SignableError, match=f"not a {kind}"):
        getattr(keyless, f"new_signed_{kind}")(content, b"signature")


async def test_every_damaged_byte_is_refused_or_harmless(keyless: Gateway) -> None:
    """Whatever arrives: an error of ours, or a proposal whose own id, channel and digest are of one piece."""
    made = keyless.network("channel1").contract("basic").new_proposal("Create", arguments=["a"])
    content = made.bytes
    for place in range(len(content)):
        for flip in (0x01, 0x80):
            damaged = bytearray(content)
            damaged[place] ^= flip
            try:
                again = keyless.new_proposal(bytes(damaged))
            except SignableError:
                continue
            assert again.transaction_id == made.transaction_id
            # Not noticed here: what the signature covers changed its digest, or the receivers' list changed.
            assert again.digest != made.digest or again.bytes != content


async def test_an_empty_signature_is_refused(gateway: Gateway) -> None:
    proposal = gateway.network("channel1").contract("basic").new_proposal("Create")
    transaction = await proposal.endorse()
    for make, content in (
        (gateway.new_signed_proposal, proposal.bytes),
        (gateway.new_signed_transaction, transaction.bytes),
        (gateway.new_signed_commit, gateway.network("channel1").commit("ab" * 32).bytes),
    ):
        with pytest.raises(SignableError, match="signature is empty"):
            make(content, b"")


async def test_a_proposal_under_anothers_transaction_id_is_refused(keyless: Gateway) -> None:
    contract = keyless.network("channel1").contract("basic")
    one, other = contract.new_proposal("Create"), contract.new_proposal("Create")
    mixed = gateway_pb2.ProposedTransaction.FromString(one.bytes)
    mixed.transaction_id = other.transaction_id
    with pytest.raises(SignableError, match="not a proposal"):
        keyless.new_proposal(mixed.SerializeToString())


async def test_a_transaction_under_anothers_transaction_id_is_refused(gateway: Gateway) -> None:
    transaction = await gateway.network("channel1").contract("basic").new_proposal("Create").endorse()
    mixed = gateway_pb2.PreparedTransaction.FromString(transaction.bytes)
    mixed.transaction_id = "ab" * 32
    with pytest.raises(SignableError, match="not a transaction"):
        gateway.new_transaction(mixed.SerializeToString())


@pytest.mark.parametrize("channel", ["channel1", "other"])
async def test_an_endorsement_of_another_transaction_is_never_signed(
    channel: str, gateway: Gateway, fake: FakeGateway
) -> None:
    """A gateway that swaps the transaction (or its channel) does not get the identity's signature on it."""
    other = gateway.network(channel).contract("basic").new_proposal("Steal")
    proposed = gateway_pb2.ProposedTransaction.FromString(other.bytes).proposal.proposal_bytes
    fake.prepared = prepared_transaction(b"result", proposed)
    with pytest.raises(ResponseError, match="another transaction than was proposed") as raised:
        await gateway.network("channel1").contract("basic").submit_transaction("Create")
    assert raised.value.transaction_id == fake.endorsed[0].transaction_id
    assert not raised.value.outcome_unknown
    assert fake.submitted == []


async def test_the_same_messages_as_the_other_languages_clients(gateway: Gateway) -> None:
    """``getBytes()`` of Node's and Go's client: which message, with which parts."""
    network = gateway.network("channel1")
    proposal = network.contract("basic").new_proposal("Create", endorsing_organizations=["Org2MSP"])
    proposed = gateway_pb2.ProposedTransaction.FromString(proposal.bytes)
    assert proposed.transaction_id == proposal.transaction_id
    assert list(proposed.endorsing_organizations) == ["Org2MSP"]
    header = common_pb2.Header.FromString(
        proposal_pb2.Proposal.FromString(proposed.proposal.proposal_bytes).header
    )
    assert common_pb2.ChannelHeader.FromString(header.channel_header).tx_id == proposal.transaction_id

    transaction = await proposal.endorse()
    prepared = gateway_pb2.PreparedTransaction.FromString(transaction.bytes)
    assert prepared.transaction_id == proposal.transaction_id
    assert prepared.envelope.payload
    assert prepared.envelope.signature == b""

    commit = gateway_pb2.SignedCommitStatusRequest.FromString(network.commit("ab" * 32).bytes)
    request = gateway_pb2.CommitStatusRequest.FromString(commit.request)
    assert (request.transaction_id, request.channel_id) == ("ab" * 32, "channel1")


async def test_a_signature_that_does_not_fit_is_the_peers_to_refuse(
    keyless: Gateway, identity: Identity, fake: FakeGateway
) -> None:
    sign = signers.ecdsa(self_signed("somebody else").key_pem)
    unsigned = keyless.network("channel1").contract("basic").new_proposal("Create")
    await keyless.new_signed_proposal(unsigned.bytes, await sign(unsigned.digest)).endorse()
    assert fake.endorsed[0].proposed_transaction.signature


def test_errors_have_one_base() -> None:
    for error in (NoSignerError, SignableError, ResponseError, EvaluateError, CommitStatusError):
        assert issubclass(error, FabricGatewayError)
