"""Blocks, transactions and chain info from the bytes that peers give."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.peer import query_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from carechannel.sdk.admin import _json_messages
from carechannel.sdk.admin._json_messages import JsonObject
from carechannel.sdk.admin._messages import parse
from carechannel.sdk.errors import AdministrationError, NodeReplyError


@dataclass(frozen=True)
class ChainInfo:
    """`height` is the number of blocks; the hashes are those of the last block and the one before."""

    height: int
    current_block_hash: bytes
    previous_block_hash: bytes


@dataclass(frozen=True)
class BlockTransaction:
    """A transaction's place in a block.

    `kind` is the header type by Fabric's name (ENDORSER_TRANSACTION, CONFIG), `validation_code` by Fabric's
    name (VALID …). A configuration has no `transaction_id`.
    """

    transaction_id: str
    kind: str
    validation_code: str


@dataclass(frozen=True)
class Block:
    """A block as the peer keeps it: `content` is `common.Block`, `hash` that of its header."""

    number: int
    hash: bytes
    previous_hash: bytes
    data_hash: bytes
    transactions: tuple[BlockTransaction, ...]
    content: bytes = field(repr=False)

    def json(self) -> JsonObject:
        """The whole block as `configtxlator proto_decode --type common.Block` would show it."""
        return _json_messages.to_json(common_pb2.Block.FromString(self.content))


@dataclass(frozen=True)
class ProcessedTransaction:
    """A transaction (`envelope` is `common.Envelope`) and the code that the peer gave it."""

    transaction_id: str
    validation_code: str
    envelope: bytes = field(repr=False)


def chain_info(content: bytes, node: str) -> ChainInfo:
    info = parse(ledger_pb2.BlockchainInfo.FromString, content, node, "the state of a chain")
    if info.height == 0 or not info.currentBlockHash:
        raise NodeReplyError(f"{node} tells of a chain without blocks, which no channel is.")
    return ChainInfo(info.height, info.currentBlockHash, info.previousBlockHash)


def block(content: bytes, node: str, channel: str) -> Block:
    parsed = parse(common_pb2.Block.FromString, content, node, "a block")
    if not parsed.HasField("header") or not parsed.data.data:
        raise NodeReplyError(f"{node} gives a block without header or transactions.")
    check_data_hash(parsed, node)
    codes = parsed.metadata.metadata[common_pb2.TRANSACTIONS_FILTER : common_pb2.TRANSACTIONS_FILTER + 1]
    filter_ = codes[0] if codes else b""
    transactions = tuple(
        _transaction(envelope, filter_[index] if index < len(filter_) else None, node, channel)
        for index, envelope in enumerate(parsed.data.data)
    )
    header = parsed.header
    return Block(
        header.number,
        _header_hash(header),
        header.previous_hash,
        header.data_hash,
        transactions,
        content,
    )


def check_data_hash(parsed: common_pb2.Block, node: str) -> None:
    """Raises `NodeReplyError` when a block's header is not that of its transactions."""
    if hashlib.sha256(b"".join(parsed.data.data)).digest() != parsed.header.data_hash:
        raise NodeReplyError(
            f"The block {parsed.header.number} from {node} is damaged or forged: the hash in its header is "
            "not that of its transactions."
        )


def processed_transaction(content: bytes, node: str, channel: str) -> ProcessedTransaction:
    parsed = parse(transaction_pb2.ProcessedTransaction.FromString, content, node, "a transaction")
    envelope = parsed.transactionEnvelope.SerializeToString()
    header = _channel_header(envelope, node, channel)
    return ProcessedTransaction(header.tx_id, _code_name(parsed.validationCode), envelope)


def _transaction(envelope: bytes, code: int | None, node: str, channel: str) -> BlockTransaction:
    header = _channel_header(envelope, node, channel)
    kinds = common_pb2.HeaderType.DESCRIPTOR.values_by_number
    kind = kinds[header.type].name if header.type in kinds else str(header.type)
    # The peer fills the codes in when it commits; a genesis block file has none.
    return BlockTransaction(header.tx_id, kind, "NOT_VALIDATED" if code is None else _code_name(code))


def _channel_header(envelope: bytes, node: str, channel: str) -> common_pb2.ChannelHeader:
    parsed = parse(common_pb2.Envelope.FromString, envelope, node, "an envelope")
    payload = parse(common_pb2.Payload.FromString, parsed.payload, node, "an envelope's payload")
    header = parse(
        common_pb2.ChannelHeader.FromString, payload.header.channel_header, node, "a channel header"
    )
    if header.channel_id != channel:
        raise NodeReplyError(
            f"{node} was asked about {channel} and gave a transaction of {header.channel_id or 'no channel'}."
        )
    return header


def _code_name(code: int) -> str:
    known = transaction_pb2.TxValidationCode.DESCRIPTOR.values_by_number.get(code)
    return known.name if known is not None else str(code)


def _header_hash(header: common_pb2.BlockHeader) -> bytes:
    """SHA-256 over the header in ASN.1 DER (protoutil.BlockHeaderBytes in Fabric's source)."""
    fields = _integer(header.number) + _octets(header.previous_hash) + _octets(header.data_hash)
    return hashlib.sha256(b"\x30" + _length(fields) + fields).digest()


def _integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1)
    return b"\x02" + _length(content) + content


def _octets(content: bytes) -> bytes:
    return b"\x04" + _length(content) + content


def _length(content: bytes) -> bytes:
    if len(content) < _SHORT_LENGTHS:
        return bytes([len(content)])
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([_SHORT_LENGTHS | len(size)]) + size


_SHORT_LENGTHS = 0x80


def channels(content: bytes, node: str) -> tuple[str, ...]:
    found = parse(query_pb2.ChannelQueryResponse.FromString, content, node, "a list of channels")
    return tuple(sorted(one.channel_id for one in found.channels))


def check_genesis_block(content: bytes, channel: str = "") -> None:
    """Raises `AdministrationError` when `content` is not a block with a configuration, number 0 or later.

    And when it is that of another channel than `channel`, if one is given.
    """
    try:
        parsed = common_pb2.Block.FromString(content)
        envelope = common_pb2.Envelope.FromString(parsed.data.data[0])
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    except (DecodeError, IndexError) as error:
        raise AdministrationError("What the peer is to join with is not a block.") from error
    if header.type != common_pb2.CONFIG:
        raise AdministrationError("What the peer is to join with is a block without a configuration.")
    if channel and header.channel_id != channel:
        raise AdministrationError(f"The block to join {channel} with is that of {header.channel_id}.")
