"""Blocks 0 and 151 to 153 of a channel of a real Fabric 3.1.1 network."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from fabric_gateway import (
    Block,
    BlockError,
    BlockNotFoundError,
    EvaluateError,
    Identity,
    Network,
    PrivateWrite,
    ValidationCode,
    Version,
    Write,
)
from fabric_gateway._blocks_messages import _read_write_set
from fabric_gateway._blocks_messages import block as decode
from fabric_gateway.blocks import header_hash
from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2

from tests.unit.fabric_gateway.fake_gateway import Context, FakeGateway, fail

FOLDER = Path(__file__).parent / "blocks"


def load(name: str) -> Block:
    return decode((FOLDER / f"{name}.block").read_bytes())


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def serialized(identity: Identity) -> bytes:
    return identities_pb2.SerializedIdentity(
        mspid=identity.msp_id, id_bytes=identity.certificate_pem
    ).SerializeToString()


def test_header_hashes_chain_as_the_orderer_chained_them() -> None:
    private, event, conflict = load("private"), load("event"), load("conflict")
    assert (private.number, event.number, conflict.number) == (151, 152, 153)
    assert event.previous_hash == private.hash
    assert conflict.previous_hash == event.hash


@pytest.mark.parametrize(
    ("number", "der"),
    [
        (0, "020100"),
        (127, "02017f"),
        (128, "02020080"),
        (256, "02020100"),
        (2**63, "0209008000000000000000"),
        (2**64 - 1, "020900ffffffffffffffff"),
    ],
)
def test_header_hash_is_over_minimal_der(number: int, der: str) -> None:
    content = bytes.fromhex(der) + b"\x04\x02pp" + b"\x04\x20" + b"d" * 32
    assert header_hash(number, b"pp", b"d" * 32) == sha256(bytes([0x30, len(content)]) + content)


def test_a_long_header_uses_the_long_form() -> None:
    content = b"\x02\x01\x01" + b"\x04\x81\xc8" + b"p" * 200 + b"\x04\x00"
    assert header_hash(1, b"p" * 200, b"") == sha256(b"\x30\x81" + bytes([len(content)]) + content)


@pytest.mark.parametrize("name", ["config", "private", "event", "conflict"])
def test_data_match_their_header(name: str) -> None:
    block = load(name)
    assert block.data_intact
    assert block.computed_data_hash == block.data_hash
    changed = bytearray(block.raw)
    position = block.raw.index(block.transactions[0].envelope) + 40
    changed[position] ^= 1
    assert not decode(bytes(changed)).data_intact


def test_a_private_write_shows_as_hashes_only() -> None:
    transaction = load("private").transactions[0]
    assert transaction.type == "ENDORSER_TRANSACTION"
    assert transaction.validation_code is ValidationCode.VALID
    assert transaction.channel == "ch"
    assert transaction.creator is not None
    assert transaction.creator.msp_id == "OrgAMSP"
    assert transaction.creator.certificate.not_valid_after_utc.year > 2025
    assert transaction.transaction_id == sha256(transaction.nonce + serialized(transaction.creator)).hex()
    assert transaction.timestamp is not None
    assert datetime(2026, 1, 1, tzinfo=UTC) < transaction.timestamp

    call = transaction.invocation
    assert call is not None
    assert (call.chaincode, call.arguments) == ("probe", (b"probe:put_private", b"_implicit_org_OrgBMSP"))
    assert (call.response_status, call.response_payload) == (200, transaction.transaction_id.encode())
    assert call.event is None
    assert [endorsement.endorser.msp_id for endorsement in call.endorsements] == ["OrgBMSP"]
    assert call.read_write_set.writes == ()
    assert call.read_write_set.private_writes == (
        PrivateWrite(
            namespace="probe",
            collection="_implicit_org_OrgBMSP",
            key_hash=sha256(b"golden"),
            value_hash=sha256(b"private value"),
            is_delete=False,
            is_purge=False,
        ),
    )
    assert b"private value" not in load("private").raw


def test_an_event_and_a_public_write() -> None:
    block = load("event")
    transaction = block.transactions[0]
    call = transaction.invocation
    assert call is not None
    assert call.event is not None
    assert (call.event.event_name, call.event.payload) == ("golden.event", b"payload")
    assert (call.event.block_number, call.event.transaction_id) == (152, transaction.transaction_id)
    assert call.read_write_set.writes == (Write("probe", "e", b"payload"),)
    assert {endorsement.endorser.msp_id for endorsement in call.endorsements} == {"OrgAMSP", "OrgBMSP"}


def test_a_delete_is_told_from_an_empty_value() -> None:
    writes = [kv_rwset_pb2.KVWrite(key="gone", is_delete=True), kv_rwset_pb2.KVWrite(key="empty", value=b"")]
    content = kv_rwset_pb2.KVRWSet(writes=writes).SerializeToString()
    sets = rwset_pb2.TxReadWriteSet(ns_rwset=[rwset_pb2.NsReadWriteSet(namespace="probe", rwset=content)])
    gone, empty = _read_write_set(sets.SerializeToString()).writes
    assert (gone.key, gone.value, gone.is_delete) == ("gone", None, True)
    assert (empty.key, empty.value, empty.is_delete) == ("empty", b"", False)


def test_verdicts_come_from_the_metadata_in_order() -> None:
    block = load("conflict")
    assert [transaction.validation_code.name for transaction in block.transactions] == [
        "VALID",
        "MVCC_READ_CONFLICT",
        "MVCC_READ_CONFLICT",
    ]
    last = block.transactions[2]
    assert block.transaction(last.transaction_id) is last
    assert block.transaction("") is None
    assert last.invocation is not None
    reads = {
        read.key: read.version for read in last.invocation.read_write_set.reads if read.namespace == "probe"
    }
    assert reads == {"gold": None}
    lifecycle = last.invocation.read_write_set.reads[0]
    assert (lifecycle.namespace, lifecycle.version) == ("_lifecycle", Version(3, 0))


def test_a_config_block_keeps_its_configuration() -> None:
    block = load("config")
    assert block.number == 0
    assert block.previous_hash == b""
    transaction = block.transactions[0]
    assert (transaction.type, transaction.invocation) == ("CONFIG", None)
    assert transaction.config is not None
    assert b"OrgAMSP" in transaction.config


def test_what_cannot_be_decoded_hides_nothing_else() -> None:
    block = common_pb2.Block.FromString(load("event").raw)
    block.data.data.insert(0, b"\xff\xff")
    decoded = decode(block.SerializeToString())
    assert [transaction.type for transaction in decoded.transactions] == [
        "UNDECODABLE",
        "ENDORSER_TRANSACTION",
    ]
    assert decoded.transactions[0].envelope == b"\xff\xff"
    assert decoded.transactions[1].validation_code is ValidationCode.NOT_VALIDATED
    assert not decoded.data_intact


@pytest.mark.parametrize("content", [b"\xff\xff", b""])
def test_what_is_no_block_is_refused(content: bytes) -> None:
    with pytest.raises(BlockError, match="not a block"):
        decode(content)


async def test_reads_blocks_by_qscc(network: Network, fake: FakeGateway) -> None:
    event = load("event")
    fake.result = event.raw
    assert await network.block_by_number(152, target_organizations=["Org2MSP"]) == event
    wanted = event.transactions[0].transaction_id
    assert await network.block_by_transaction_id(wanted) == event
    assert list(fake.evaluated[0].target_organizations) == ["Org2MSP"]
    assert b"GetBlockByNumber" in fake.evaluated[0].proposed_transaction.proposal_bytes
    assert b"GetBlockByTxID" in fake.evaluated[1].proposed_transaction.proposal_bytes


async def test_refuses_a_block_that_is_not_the_one_asked_for(network: Network, fake: FakeGateway) -> None:
    fake.result = load("event").raw
    with pytest.raises(BlockError, match="block 151 was asked for, the peer answered with block 152"):
        await network.block_by_number(151)
    with pytest.raises(BlockError, match="does not hold the transaction"):
        await network.block_by_transaction_id("ab" * 32)


async def test_refuses_a_block_whose_data_were_changed(network: Network, fake: FakeGateway) -> None:
    block = common_pb2.Block.FromString(load("event").raw)
    block.data.data[0] += b"\x00"
    fake.result = block.SerializeToString()
    with pytest.raises(BlockError, match="do not match the hash"):
        await network.block_by_number(152)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (
            "chaincode response 500, Failed to get block number 9, error no such block number [9] in index",
            BlockNotFoundError,
        ),
        ("chaincode response 500, access denied for [GetBlockByNumber][ch]: [no]", EvaluateError),
    ],
)
async def test_tells_absent_from_refused(
    message: str, error: type[Exception], network: Network, fake: FakeGateway
) -> None:
    async def answer(context: Context) -> None:
        await fail(context, grpc.StatusCode.UNKNOWN, "evaluate failed", ("peer0:7051", "Org1MSP", message))

    fake.on_evaluate = answer
    with pytest.raises(error):
        await network.block_by_number(9)


async def test_an_absent_transaction_is_named(network: Network, fake: FakeGateway) -> None:
    async def answer(context: Context) -> None:
        message = "chaincode response 500, Failed to get block, error no such transaction ID [x] in index"
        await fail(context, grpc.StatusCode.UNKNOWN, "evaluate failed", ("peer0:7051", "Org1MSP", message))

    fake.on_evaluate = answer
    with pytest.raises(BlockNotFoundError, match="no block of channel channel1 holds") as raised:
        await network.block_by_transaction_id("ab" * 32)
    assert raised.value.transaction_id == "ab" * 32
