"""Blocks of the ledger, parsed into plain values (fabric-protos common, peer, ledger/rwset)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from google.protobuf.message import DecodeError

from fabric_gateway.blocks import (
    Block,
    BlockTransaction,
    Endorsement,
    Invocation,
    MetadataWrite,
    PrivateMetadataWrite,
    PrivateRead,
    PrivateWrite,
    RangeRead,
    Read,
    ReadWriteSet,
    Version,
    Write,
)
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.errors import BlockError
from fabric_gateway.identity import Identity
from fabric_gateway.validation import ValidationCode

UNDECODABLE = "UNDECODABLE"


def block(content: bytes) -> Block:
    """Decode a ``common.Block``. An envelope that cannot be decoded does not hide the others.

    Raises:
        BlockError: it is not a block.
    """
    try:
        parsed = common_pb2.Block.FromString(content)
    except DecodeError as error:
        raise BlockError("this is not a block; the bytes do not parse as common.Block") from error
    if not parsed.HasField("header"):
        raise BlockError("this is not a block; it has no header")
    metadata = tuple(parsed.metadata.metadata)
    filter_index = common_pb2.TRANSACTIONS_FILTER
    codes = metadata[filter_index] if len(metadata) > filter_index else b""
    transactions = tuple(
        _transaction(
            envelope,
            ValidationCode(codes[index]) if index < len(codes) else ValidationCode.NOT_VALIDATED,
            parsed.header.number,
        )
        for index, envelope in enumerate(parsed.data.data)
    )
    return Block(
        number=parsed.header.number,
        previous_hash=parsed.header.previous_hash,
        data_hash=parsed.header.data_hash,
        transactions=transactions,
        metadata=metadata,
        raw=content,
    )


def _transaction(content: bytes, code: ValidationCode, block_number: int) -> BlockTransaction:
    try:
        return _decoded(content, code, block_number)
    except (DecodeError, UnicodeDecodeError, ValueError, OverflowError):
        return BlockTransaction(
            transaction_id="",
            type=UNDECODABLE,
            validation_code=code,
            channel="",
            timestamp=None,
            creator=None,
            nonce=b"",
            signature=b"",
            invocation=None,
            config=None,
            envelope=content,
        )


def _decoded(content: bytes, code: ValidationCode, block_number: int) -> BlockTransaction:
    envelope = common_pb2.Envelope.FromString(content)
    payload = common_pb2.Payload.FromString(envelope.payload)
    channel_header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    signature_header = common_pb2.SignatureHeader.FromString(payload.header.signature_header)
    kind = channel_header.type
    is_invocation = kind == common_pb2.ENDORSER_TRANSACTION
    known = kind in common_pb2.HeaderType.values()
    return BlockTransaction(
        transaction_id=channel_header.tx_id,
        type=common_pb2.HeaderType.Name(common_pb2.HeaderType.ValueType(kind)) if known else f"TYPE_{kind}",
        validation_code=code,
        channel=channel_header.channel_id,
        timestamp=_time(channel_header),
        creator=_identity(signature_header.creator),
        nonce=signature_header.nonce,
        signature=envelope.signature,
        invocation=_invocation(payload.data, block_number) if is_invocation else None,
        config=payload.data if kind == common_pb2.CONFIG else None,
        envelope=content,
    )


def _time(header: common_pb2.ChannelHeader) -> datetime | None:
    if not header.HasField("timestamp"):
        return None
    return header.timestamp.ToDatetime(tzinfo=UTC)


def _identity(content: bytes) -> Identity | None:
    if not content:
        return None
    parsed = identities_pb2.SerializedIdentity.FromString(content)
    return Identity(parsed.mspid, parsed.id_bytes)


def _invocation(content: bytes, block_number: int) -> Invocation | None:
    actions = transaction_pb2.Transaction.FromString(content).actions
    if len(actions) != 1:
        raise DecodeError("a transaction has exactly one action")
    endorsed = transaction_pb2.ChaincodeActionPayload.FromString(actions[0].payload)
    proposal = proposal_pb2.ChaincodeProposalPayload.FromString(endorsed.chaincode_proposal_payload)
    spec = chaincode_pb2.ChaincodeInvocationSpec.FromString(proposal.input).chaincode_spec
    response = proposal_response_pb2.ProposalResponsePayload.FromString(
        endorsed.action.proposal_response_payload
    )
    action = proposal_pb2.ChaincodeAction.FromString(response.extension)
    endorsements = []
    for endorsement in endorsed.action.endorsements:
        endorser = _identity(endorsement.endorser)
        if endorser is not None:
            endorsements.append(Endorsement(endorser, endorsement.signature))
    return Invocation(
        chaincode=spec.chaincode_id.name,
        arguments=tuple(spec.input.args),
        response_status=action.response.status,
        response_message=action.response.message,
        response_payload=action.response.payload,
        event=_event(action.events, block_number),
        read_write_set=_read_write_set(action.results),
        endorsements=tuple(endorsements),
    )


def _event(content: bytes, block_number: int) -> ChaincodeEvent | None:
    if not content:
        return None
    event = chaincode_event_pb2.ChaincodeEvent.FromString(content)
    return ChaincodeEvent(block_number, event.tx_id, event.chaincode_id, event.event_name, event.payload)


def _read_write_set(content: bytes) -> ReadWriteSet:
    namespaces = [
        (ns.namespace, kv_rwset_pb2.KVRWSet.FromString(ns.rwset), ns.collection_hashed_rwset)
        for ns in rwset_pb2.TxReadWriteSet.FromString(content).ns_rwset
    ]
    collections = [
        (ns, c.collection_name, kv_rwset_pb2.HashedRWSet.FromString(c.hashed_rwset))
        for ns, _, hashed in namespaces
        for c in hashed
    ]
    return ReadWriteSet(
        reads=tuple(_read(ns, r) for ns, public, _ in namespaces for r in public.reads),
        range_reads=tuple(_range(ns, q) for ns, public, _ in namespaces for q in public.range_queries_info),
        writes=tuple(
            Write(ns, w.key, None if w.is_delete else w.value)
            for ns, public, _ in namespaces
            for w in public.writes
        ),
        metadata_writes=tuple(
            MetadataWrite(ns, w.key, _entries(w.entries))
            for ns, public, _ in namespaces
            for w in public.metadata_writes
        ),
        private_reads=tuple(
            PrivateRead(ns, name, r.key_hash, _version(r.version) if r.HasField("version") else None)
            for ns, name, private in collections
            for r in private.hashed_reads
        ),
        private_writes=tuple(
            PrivateWrite(
                namespace=ns,
                collection=name,
                key_hash=w.key_hash,
                value_hash=None if w.is_delete else w.value_hash,
                is_delete=w.is_delete,
                is_purge=w.is_purge,
            )
            for ns, name, private in collections
            for w in private.hashed_writes
        ),
        private_metadata_writes=tuple(
            PrivateMetadataWrite(ns, name, w.key_hash, _entries(w.entries))
            for ns, name, private in collections
            for w in private.metadata_writes
        ),
    )


def _read(namespace: str, read: kv_rwset_pb2.KVRead) -> Read:
    return Read(namespace, read.key, _version(read.version) if read.HasField("version") else None)


def _range(namespace: str, query: kv_rwset_pb2.RangeQueryInfo) -> RangeRead:
    return RangeRead(
        namespace=namespace,
        start_key=query.start_key,
        end_key=query.end_key,
        exhausted=query.itr_exhausted,
        reads=tuple(_read(namespace, r) for r in query.raw_reads.kv_reads),
        merkle_hashes=tuple(query.reads_merkle_hashes.max_level_hashes),
    )


def _version(version: kv_rwset_pb2.Version) -> Version:
    return Version(version.block_num, version.tx_num)


def _entries(entries: Iterable[kv_rwset_pb2.KVMetadataEntry]) -> tuple[tuple[str, bytes], ...]:
    return tuple((entry.name, entry.value) for entry in entries)
