"""Blocks, envelopes and read/write sets as plain values (fabric-protos common, peer, ledger/rwset)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_event_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf.message import DecodeError, Message

from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import BlockFormatError, UndecodableError

ENDORSER_TRANSACTION: Final = int(common_pb2.ENDORSER_TRANSACTION)
CONFIG_UPDATE: Final = int(common_pb2.CONFIG_UPDATE)
CONFIG: Final = int(common_pb2.CONFIG)

_EMPTY_HASH: Final = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

Height = tuple[int, int]
"""Block number and place in the block of the transaction that wrote a value."""

M = TypeVar("M", bound=Message)


class Envelope(NamedTuple):
    """An envelope whose outer parts parse; ``header`` is None where it has none."""

    payload: bytes
    signature: bytes
    header: Header | None
    data: bytes


class Header(NamedTuple):
    """The serialized halves of an envelope's header."""

    channel_header: bytes
    signature_header: bytes


class ChannelHeader(NamedTuple):
    """``common.ChannelHeader``; ``timestamp`` in nanoseconds of the epoch, None where absent."""

    type: int
    channel: str
    transaction_id: str
    epoch: int
    timestamp: int | None
    extension: bytes


class SignatureHeader(NamedTuple):
    """``common.SignatureHeader``."""

    creator: bytes
    nonce: bytes


class Endorsed(NamedTuple):
    """What the endorsers signed, and their signatures as (serialized identity, signature)."""

    proposal_payload: bytes
    response_payload: bytes
    endorsements: tuple[tuple[bytes, bytes], ...]


class Action(NamedTuple):
    """``protos.ChaincodeAction``; ``chaincode`` is (name, version), None where absent."""

    results: bytes
    events: bytes
    chaincode: tuple[str, str] | None


class RangeQuery(NamedTuple):
    """A range that was read: its results, or their Merkle summary (degree, level, hashes)."""

    start: bytes
    end: bytes
    exhausted: bool
    reads: tuple[tuple[bytes, Height | None], ...]
    summary: tuple[int, int, tuple[bytes, ...]] | None


class Changes(NamedTuple):
    """What a transaction read and wrote in one space: a namespace, or a collection of it by hashes.

    Keys are UTF-8 or SHA-256; a value of None is a delete; metadata of None is its removal.
    """

    collection: str
    reads: tuple[tuple[bytes, Height | None], ...]
    ranges: tuple[RangeQuery, ...]
    writes: tuple[tuple[bytes, bytes | None], ...]
    metadata_writes: tuple[tuple[bytes, bytes | None], ...]


class Namespace(NamedTuple):
    """One chaincode's part of a read/write set."""

    name: str
    public: Changes
    collections: tuple[Changes, ...]

    @property
    def writes_anything(self) -> bool:
        return bool(
            self.public.writes
            or self.public.metadata_writes
            or any(part.writes or part.metadata_writes for part in self.collections)
        )


class BlockSignature(NamedTuple):
    """One signature over a block; ``consenter`` is the signer's number where no identity stands there."""

    header: bytes
    signer: bytes
    consenter: int | None
    signature: bytes


class BlockSignatures(NamedTuple):
    """The metadata at SIGNATURES. ``last_config`` is None where the signed value does not say."""

    value: bytes
    last_config: int | None
    consenter_metadata: bytes
    signatures: tuple[BlockSignature, ...]
    canonical: bool


def block(content: bytes) -> LedgerBlock:
    """Split a serialized ``common.Block``.

    Raises:
        BlockFormatError: it is not a block.
    """
    try:
        parsed = common_pb2.Block.FromString(content)
    except DecodeError as error:
        raise BlockFormatError("this is not a block; the bytes do not parse as common.Block") from error
    if not parsed.HasField("header"):
        raise BlockFormatError("this is not a block; it has no header")
    header = parsed.header
    value = LedgerBlock(
        number=header.number,
        previous_hash=header.previous_hash,
        data_hash=header.data_hash,
        data=tuple(parsed.data.data),
        metadata=tuple(parsed.metadata.metadata),
    )
    if serialized(value) == content:
        return value
    return replace(value, stray="fields that a block does not have, or a loose encoding")


def serialized(value: LedgerBlock) -> bytes:
    """The block as ``common.Block``."""
    return common_pb2.Block(
        header=common_pb2.BlockHeader(
            number=value.number, previous_hash=value.previous_hash, data_hash=value.data_hash
        ),
        data=common_pb2.BlockData(data=value.data),
        metadata=common_pb2.BlockMetadata(metadata=value.metadata),
    ).SerializeToString(deterministic=True)


def block_signatures(content: bytes) -> BlockSignatures:
    """The metadata at SIGNATURES.

    Raises:
        UndecodableError: it does not parse.
    """
    parsed = _parse(common_pb2.Metadata, content)
    value = _parse(common_pb2.OrdererBlockMetadata, parsed.value)
    signatures = []
    for entry in parsed.signatures:
        if entry.signature_header or not entry.identifier_header:
            signer = _parse(common_pb2.SignatureHeader, entry.signature_header).creator
            signatures.append(BlockSignature(entry.signature_header, signer, None, entry.signature))
        else:
            number = _parse(common_pb2.IdentifierHeader, entry.identifier_header).identifier
            signatures.append(BlockSignature(entry.identifier_header, b"", number, entry.signature))
    again = common_pb2.Metadata(
        value=parsed.value,
        signatures=[
            common_pb2.MetadataSignature(signature=each.signature, identifier_header=each.header)
            if each.consenter is not None
            else common_pb2.MetadataSignature(signature=each.signature, signature_header=each.header)
            for each in signatures
        ],
    )
    return BlockSignatures(
        value=parsed.value,
        last_config=value.last_config.index if value.HasField("last_config") else None,
        consenter_metadata=value.consenter_metadata,
        signatures=tuple(signatures),
        canonical=again.SerializeToString() == content,
    )


def metadata_value(content: bytes) -> bytes:
    """The value of a ``common.Metadata`` without signatures, in its one encoding.

    Raises:
        UndecodableError: it is something else.
    """
    parsed = _parse(common_pb2.Metadata, content)
    if common_pb2.Metadata(value=parsed.value).SerializeToString() != content:
        raise UndecodableError("the metadata holds more than a value")
    return parsed.value


def last_config_index(content: bytes) -> int:
    """The index in a ``common.LastConfig``."""
    return _parse(common_pb2.LastConfig, content).index


def envelope(content: bytes) -> tuple[bytes, bytes]:
    """Payload and signature of an envelope."""
    parsed = _parse(common_pb2.Envelope, content)
    return parsed.payload, parsed.signature


def payload(content: bytes) -> tuple[Header | None, bytes]:
    """Header and data of a payload."""
    parsed = _parse(common_pb2.Payload, content)
    header = parsed.header
    found = Header(header.channel_header, header.signature_header) if parsed.HasField("header") else None
    return found, parsed.data


def channel_header(content: bytes) -> ChannelHeader:
    parsed = _parse(common_pb2.ChannelHeader, content)
    stamp = parsed.timestamp
    timestamp = stamp.seconds * 1_000_000_000 + stamp.nanos if parsed.HasField("timestamp") else None
    return ChannelHeader(
        parsed.type, parsed.channel_id, parsed.tx_id, parsed.epoch, timestamp, parsed.extension
    )


def signature_header(content: bytes) -> SignatureHeader:
    parsed = _parse(common_pb2.SignatureHeader, content)
    return SignatureHeader(parsed.creator, parsed.nonce)


def serialized_identity(content: bytes) -> tuple[str, bytes]:
    """MSP ID and certificate (PEM) of a ``msp.SerializedIdentity``."""
    parsed = _parse(identities_pb2.SerializedIdentity, content)
    return parsed.mspid, parsed.id_bytes


def identity_bytes(msp_id: str, certificate_pem: bytes) -> bytes:
    return identities_pb2.SerializedIdentity(mspid=msp_id, id_bytes=certificate_pem).SerializeToString()


def actions(content: bytes) -> list[tuple[bytes, bytes]]:
    """Header and payload of each action of a ``protos.Transaction``."""
    return [
        (action.header, action.payload) for action in _parse(transaction_pb2.Transaction, content).actions
    ]


def endorsed(content: bytes) -> Endorsed:
    """A ``protos.ChaincodeActionPayload``."""
    parsed = _parse(transaction_pb2.ChaincodeActionPayload, content)
    action = parsed.action
    return Endorsed(
        parsed.chaincode_proposal_payload,
        action.proposal_response_payload,
        tuple([(entry.endorser, entry.signature) for entry in action.endorsements]),
    )


def response(content: bytes) -> tuple[bytes, bytes]:
    """Proposal hash and extension of a ``protos.ProposalResponsePayload``."""
    parsed = _parse(proposal_response_pb2.ProposalResponsePayload, content)
    return parsed.proposal_hash, parsed.extension


def action(content: bytes) -> Action:
    """A ``protos.ChaincodeAction``."""
    try:
        parsed = proposal_pb2.ChaincodeAction.FromString(content)
    except DecodeError as error:
        raise UndecodableError("the bytes do not parse as protos.ChaincodeAction") from error
    name = parsed.chaincode_id
    return Action(
        parsed.results,
        parsed.events,
        (name.name, name.version) if parsed.HasField("chaincode_id") else None,
    )


def header_chaincode(content: bytes) -> str | None:
    """Name in a ``protos.ChaincodeHeaderExtension``; None where it names none."""
    parsed = _parse(proposal_pb2.ChaincodeHeaderExtension, content)
    return parsed.chaincode_id.name if parsed.HasField("chaincode_id") else None


def event_chaincode(content: bytes) -> str:
    """Name of the chaincode in a ``protos.ChaincodeEvent``."""
    return _parse(chaincode_event_pb2.ChaincodeEvent, content).chaincode_id


def endorser_transaction(content: bytes) -> tuple[int, bytes, SignatureHeader, Endorsed, bytes, bytes]:
    """A serialized ``protos.Transaction`` down to what was endorsed, in one go.

    Returns:
        Number of actions; of the first: its header raw and parsed, what was endorsed, hash of the proposal
        and extension of the response. Without any action all else is empty.

    Raises:
        UndecodableError: some part does not parse.
    """
    try:
        found = transaction_pb2.Transaction.FromString(content).actions
        if not found:
            return 0, b"", SignatureHeader(b"", b""), Endorsed(b"", b"", ()), b"", b""
        first = found[0]
        header = first.header
        signer = common_pb2.SignatureHeader.FromString(header)
        parsed = transaction_pb2.ChaincodeActionPayload.FromString(first.payload)
        endorsed_action = parsed.action
        payload_ = endorsed_action.proposal_response_payload
        answer = proposal_response_pb2.ProposalResponsePayload.FromString(payload_)
    except DecodeError as error:
        raise UndecodableError("the transaction does not parse") from error
    return (
        len(found),
        header,
        SignatureHeader(signer.creator, signer.nonce),
        Endorsed(
            parsed.chaincode_proposal_payload,
            payload_,
            tuple([(entry.endorser, entry.signature) for entry in endorsed_action.endorsements]),
        ),
        answer.proposal_hash,
        answer.extension,
    )


def read_write_set(content: bytes) -> tuple[Namespace, ...]:
    """A ``rwset.TxReadWriteSet``, all of it."""
    try:
        return tuple(
            [
                Namespace(
                    part.namespace,
                    _public(kv_rwset_pb2.KVRWSet.FromString(part.rwset)),
                    tuple([_collection(each) for each in part.collection_hashed_rwset])
                    if part.collection_hashed_rwset
                    else (),
                )
                for part in rwset_pb2.TxReadWriteSet.FromString(content).ns_rwset
            ]
        )
    except DecodeError as error:
        raise UndecodableError("the bytes do not parse as rwset.TxReadWriteSet") from error


def _public(public: kv_rwset_pb2.KVRWSet) -> Changes:
    return Changes(
        "",
        tuple([(read.key.encode(), _read_version(read)) for read in public.reads]),
        tuple([_range(query) for query in public.range_queries_info]) if public.range_queries_info else (),
        tuple(
            [
                (write.key.encode(), None if write.is_delete else write.value or None)
                for write in public.writes
            ]
        )
        if public.writes
        else (),
        tuple([(write.key.encode(), _entries(write)) for write in public.metadata_writes])
        if public.metadata_writes
        else (),
    )


def _collection(part: rwset_pb2.CollectionHashedReadWriteSet) -> Changes:
    hashed = _parse(kv_rwset_pb2.HashedRWSet, part.hashed_rwset)
    return Changes(
        part.collection_name,
        tuple([(read.key_hash, _read_version(read)) for read in hashed.hashed_reads]),
        (),
        tuple(
            [
                (
                    write.key_hash,
                    None
                    if write.is_delete or not write.value_hash or write.value_hash == _EMPTY_HASH
                    else write.value_hash,
                )
                for write in hashed.hashed_writes
            ]
        ),
        tuple(
            [
                (write.key_hash, kv_rwset_pb2.KVMetadataWrite(entries=write.entries).SerializeToString())
                if write.entries
                else (write.key_hash, None)
                for write in hashed.metadata_writes
            ]
        ),
    )


def _read_version(read: kv_rwset_pb2.KVRead | kv_rwset_pb2.KVReadHash) -> Height | None:
    return (read.version.block_num, read.version.tx_num) if read.HasField("version") else None


def _entries(write: kv_rwset_pb2.KVMetadataWrite) -> bytes | None:
    if not write.entries:
        return None
    return kv_rwset_pb2.KVMetadataWrite(entries=write.entries).SerializeToString()


def _range(query: kv_rwset_pb2.RangeQueryInfo) -> RangeQuery:
    summary = query.reads_merkle_hashes
    return RangeQuery(
        query.start_key.encode(),
        query.end_key.encode(),
        query.itr_exhausted,
        tuple([(read.key.encode(), _read_version(read)) for read in query.raw_reads.kv_reads]),
        (summary.max_degree, summary.max_level, tuple(summary.max_level_hashes))
        if query.HasField("reads_merkle_hashes")
        else None,
    )


def serialized_reads(reads: list[tuple[bytes, Height]]) -> bytes:
    """Results of a range as ``kvrwset.QueryReads``, which the leaves of a Merkle summary hash."""
    return kv_rwset_pb2.QueryReads(
        kv_reads=[
            kv_rwset_pb2.KVRead(
                key=key.decode(), version=kv_rwset_pb2.Version(block_num=height[0], tx_num=height[1])
            )
            for key, height in reads
        ]
    ).SerializeToString()


def metadata_entry(content: bytes, name: str) -> bytes:
    """The value of an entry of a key's metadata; empty where there is none."""
    value = b""
    for entry in _parse(kv_rwset_pb2.KVMetadataWrite, content).entries:
        if entry.name == name:
            value = entry.value
    return value


def _parse(message: type[M], content: bytes) -> M:
    try:
        return message.FromString(content)
    except DecodeError as error:
        raise UndecodableError(f"the bytes do not parse as {message.DESCRIPTOR.full_name}") from error
