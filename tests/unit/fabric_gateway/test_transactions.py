from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_gateway import CommitError, Network, ResponseError, ValidationCode
from fabric_protos.common import common_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, transaction_pb2

from tests.unit.fabric_gateway.fake_gateway import FakeGateway
from tests.unit.fabric_gateway.people import Credentials


def _verify(credentials: Credentials, message: bytes, signature: bytes) -> None:
    credentials.key.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))


async def test_a_proposal_as_fabric_wants_it(
    network: Network, fake: FakeGateway, credentials: Credentials
) -> None:
    contract = network.contract("basic", "assets")
    result = await contract.evaluate(
        "Read",
        arguments=["a", b"\xff"],
        transient={"secret": b"value"},
        endorsing_organizations=["Org2MSP"],
    )
    assert result == b"result"
    request = fake.evaluated[0]
    assert request.channel_id == "channel1"
    assert list(request.target_organizations) == ["Org2MSP"]

    signed = request.proposed_transaction
    _verify(credentials, signed.proposal_bytes, signed.signature)
    proposal = proposal_pb2.Proposal.FromString(signed.proposal_bytes)
    header = common_pb2.Header.FromString(proposal.header)
    channel = common_pb2.ChannelHeader.FromString(header.channel_header)
    signature = common_pb2.SignatureHeader.FromString(header.signature_header)
    assert channel.type == common_pb2.ENDORSER_TRANSACTION
    assert channel.channel_id == "channel1"
    assert abs(channel.timestamp.ToDatetime(tzinfo=UTC) - datetime.now(UTC)) < timedelta(seconds=5)
    assert len(signature.nonce) == 24
    assert request.transaction_id == channel.tx_id
    assert channel.tx_id == hashlib.sha256(signature.nonce + signature.creator).hexdigest()
    creator = identities_pb2.SerializedIdentity.FromString(signature.creator)
    assert (creator.mspid, creator.id_bytes) == ("Org1MSP", credentials.certificate_pem)
    extension = proposal_pb2.ChaincodeHeaderExtension.FromString(channel.extension)
    assert extension.chaincode_id.name == "basic"

    payload = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
    assert dict(payload.TransientMap) == {"secret": b"value"}
    spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
    assert spec.chaincode_id.name == "basic"
    assert list(spec.input.args) == [b"assets:Read", b"a", b"\xff"]


async def test_every_proposal_has_its_own_transaction_id(network: Network) -> None:
    contract = network.contract("basic")
    assert len({contract.new_proposal("Create").transaction_id for _ in range(100)}) == 100


async def test_submit_walks_every_step(network: Network, fake: FakeGateway, credentials: Credentials) -> None:
    result = await network.contract("basic").submit(
        "Create", arguments=["a"], transient={"x": b"y"}, endorsing_organizations=["Org1MSP", "Org3MSP"]
    )
    transaction_id = fake.endorsed[0].transaction_id
    assert result == b"result"
    assert list(fake.endorsed[0].endorsing_organizations) == ["Org1MSP", "Org3MSP"]

    submitted = fake.submitted[0]
    assert (submitted.transaction_id, submitted.channel_id) == (transaction_id, "channel1")
    _verify(credentials, submitted.prepared_transaction.payload, submitted.prepared_transaction.signature)
    asked = fake.asked[0]
    assert (asked.transaction_id, asked.channel_id) == (transaction_id, "channel1")
    assert identities_pb2.SerializedIdentity.FromString(asked.identity).mspid == "Org1MSP"
    _verify(credentials, *fake.signatures[0])


async def test_submit_async_returns_before_the_commit(network: Network, fake: FakeGateway) -> None:
    submitted = await network.contract("basic").submit_async("Create")
    assert submitted.result == b"result"
    assert fake.asked == []
    status = await submitted.status()
    assert (status.successful, status.block_number, status.code.name) == (True, 7, "VALID")


async def test_an_invalid_transaction_is_an_error_with_its_code(network: Network, fake: FakeGateway) -> None:
    fake.validation_code = transaction_pb2.MVCC_READ_CONFLICT
    with pytest.raises(CommitError, match="not committed: MVCC_READ_CONFLICT in block 7") as raised:
        await network.contract("basic").submit_transaction("Create")
    assert raised.value.validation_code is ValidationCode.MVCC_READ_CONFLICT
    assert raised.value.code == "MVCC_READ_CONFLICT"
    assert raised.value.transaction_id == fake.submitted[0].transaction_id
    assert raised.value.transaction_id in str(raised.value)


@pytest.mark.parametrize("payload", [b"", b"\xff\xff"])
async def test_an_answer_that_is_no_transaction_is_refused(
    payload: bytes, network: Network, fake: FakeGateway
) -> None:
    fake.prepared = common_pb2.Envelope(payload=payload)
    with pytest.raises(ResponseError, match="no endorsed transaction"):
        await network.contract("basic").submit_transaction("Create")
    assert fake.submitted == []


async def test_many_at_once(network: Network, fake: FakeGateway) -> None:
    contract = network.contract("basic")
    results = await asyncio.gather(*(contract.submit_transaction("Create", str(i)) for i in range(200)))
    assert len({request.transaction_id for request in fake.submitted}) == len(results) == 200
    assert len(fake.submitted) == 200


def test_validation_codes_are_fabrics() -> None:
    assert {code.name: code.value for code in ValidationCode} == dict(
        transaction_pb2.TxValidationCode.items()
    )


def test_a_validation_code_of_the_future_keeps_its_number() -> None:
    assert (ValidationCode(77).value, ValidationCode(77).name) == (77, "CODE_77")
    with pytest.raises(ValueError, match="-1"):
        ValidationCode(-1)
