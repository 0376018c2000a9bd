"""Messages of event streams (fabric-protos gateway/gateway.proto, orderer/ab.proto, peer/events.proto)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2
from google.protobuf import timestamp_pb2
from google.protobuf.message import DecodeError

from fabric_gateway import _blocks_messages
from fabric_gateway._deliver_status import refusal
from fabric_gateway._event_order import Received, Start
from fabric_gateway._signable_messages import parsed
from fabric_gateway.blocks import Block, MetadataWrite, Read, ReadWriteSet, Version, Write
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint
from fabric_gateway.errors import ResponseError
from fabric_gateway.filtered_block import FilteredBlock, FilteredChaincodeEvent, FilteredTransaction
from fabric_gateway.private_data import BlockAndPrivateData, PrivateData
from fabric_gateway.validation import ValidationCode

_Parsed = TypeVar("_Parsed")
# The end that never comes, as Fabric's Go client asks for it.
_NO_END: Final = ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=2**64 - 1))


class SignedRequest(NamedTuple):
    """A request for events, from its bytes."""

    message: bytes
    signature: bytes
    channel: str
    start: Start


def chaincode_events_request(
    channel: str, chaincode: str, creator: bytes, position: Checkpoint | None
) -> bytes:
    """``gateway.ChaincodeEventsRequest``: what is signed."""
    return gateway_pb2.ChaincodeEventsRequest(
        channel_id=channel,
        chaincode_id=chaincode,
        identity=creator,
        start_position=_seek(position),
        after_transaction_id=position.transaction_id or "" if position else "",
    ).SerializeToString()


def signed_chaincode_events_request(request: bytes, signature: bytes) -> bytes:
    return gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=signature).SerializeToString()


def read_chaincode_events_request(content: bytes) -> SignedRequest:
    """Raises SignableError: the bytes are not a ``gateway.SignedChaincodeEventsRequest``."""
    return parsed(_chaincode_events_request_in, content, "chaincode events request")


def _chaincode_events_request_in(content: bytes) -> SignedRequest:
    signed = gateway_pb2.SignedChaincodeEventsRequest.FromString(content)
    request = gateway_pb2.ChaincodeEventsRequest.FromString(signed.request)
    if not (request.channel_id and request.chaincode_id and request.identity):
        raise DecodeError("no channel, no chaincode or nobody who asks")
    start = _start(request.start_position, request.after_transaction_id)
    return SignedRequest(signed.request, signed.signature, request.channel_id, start)


def chaincode_events(response: bytes) -> tuple[int, list[ChaincodeEvent]]:
    """A block's number and its events."""
    parsed = _answer(gateway_pb2.ChaincodeEventsResponse.FromString, response, "chaincode events")
    number = parsed.block_number
    return number, [
        ChaincodeEvent(number, event.tx_id, event.chaincode_id, event.event_name, event.payload)
        for event in parsed.events
    ]


def seek_payload(
    *,
    channel: str,
    creator: bytes,
    tls_certificate_hash: bytes,
    position: Checkpoint | None,
    timestamp_ns: int,
) -> bytes:
    """``common.Payload`` that asks for blocks without end: what is signed."""
    seconds, nanos = divmod(timestamp_ns, 1_000_000_000)
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.DELIVER_SEEK_INFO,
        timestamp=timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos),
        channel_id=channel,
        tls_cert_hash=tls_certificate_hash,
    )
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=creator).SerializeToString(),
    )
    seek = ab_pb2.SeekInfo(start=_seek(position), stop=_NO_END, behavior=ab_pb2.SeekInfo.BLOCK_UNTIL_READY)
    return common_pb2.Payload(header=header, data=seek.SerializeToString()).SerializeToString()


def envelope(payload: bytes, signature: bytes) -> bytes:
    return common_pb2.Envelope(payload=payload, signature=signature).SerializeToString()


def read_seek_envelope(content: bytes) -> SignedRequest:
    """Raises SignableError: the bytes are not a ``common.Envelope`` that asks for blocks."""
    return parsed(_seek_envelope_in, content, "block events request")


def _seek_envelope_in(content: bytes) -> SignedRequest:
    signed = common_pb2.Envelope.FromString(content)
    payload = common_pb2.Payload.FromString(signed.payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    seek = ab_pb2.SeekInfo.FromString(payload.data)
    if header.type != common_pb2.DELIVER_SEEK_INFO or not header.channel_id or not seek.HasField("start"):
        raise DecodeError("another type of envelope, or no channel, or no start")
    return SignedRequest(signed.payload, signed.signature, header.channel_id, _start(seek.start, ""))


def delivered_block(response: bytes) -> Received[Block]:
    parsed = _delivered(response, "block")
    return Received(_number(parsed.block), lambda: _block(parsed.block))


def delivered_filtered_block(response: bytes) -> Received[FilteredBlock]:
    filtered = _delivered(response, "filtered_block").filtered_block
    return Received(filtered.number, lambda: _filtered_block(filtered))


def delivered_block_and_private_data(response: bytes) -> Received[BlockAndPrivateData]:
    parsed = _delivered(response, "block_and_private_data").block_and_private_data

    def decode() -> BlockAndPrivateData:
        private = _answer(_private_data, parsed, "private data")
        return BlockAndPrivateData(_block(parsed.block), private)

    return Received(_number(parsed.block), decode)


def _delivered(response: bytes, kind: str) -> events_pb2.DeliverResponse:
    parsed = _answer(events_pb2.DeliverResponse.FromString, response, "blocks")
    found = parsed.WhichOneof("Type")
    if found == "status":
        raise refusal(parsed.status)
    if found != kind:
        raise ResponseError(
            f"the peer sent {found or 'nothing'} where a {kind} is due; check that it is a Fabric peer"
        )
    return parsed


def _number(block: common_pb2.Block) -> int:
    if not block.HasField("header"):
        raise ResponseError("the peer sent a block without a header; do not trust this peer")
    return block.header.number


def _block(block: common_pb2.Block) -> Block:
    return _blocks_messages.block(block.SerializeToString())


def _filtered_block(block: events_pb2.FilteredBlock) -> FilteredBlock:
    return FilteredBlock(
        block.channel_id,
        block.number,
        tuple(
            _filtered_transaction(transaction, block.number) for transaction in block.filtered_transactions
        ),
    )


def _filtered_transaction(transaction: events_pb2.FilteredTransaction, number: int) -> FilteredTransaction:
    kind = int(transaction.type)
    known = kind in common_pb2.HeaderType.values()
    return FilteredTransaction(
        transaction_id=transaction.txid,
        type=common_pb2.HeaderType.Name(common_pb2.HeaderType.ValueType(kind)) if known else f"TYPE_{kind}",
        validation_code=_validation_code(transaction.tx_validation_code),
        chaincode_events=tuple(
            FilteredChaincodeEvent(number, event.tx_id, event.chaincode_id, event.event_name)
            for event in (
                action.chaincode_event for action in transaction.transaction_actions.chaincode_actions
            )
        ),
    )


def _validation_code(code: int) -> ValidationCode:
    try:
        return ValidationCode(code)
    except ValueError as error:
        raise ResponseError(f"the peer sent {code} as a validation code; do not trust this peer") from error


def _private_data(parsed: events_pb2.BlockAndPrivateData) -> PrivateData:
    return {
        index: {
            ns.namespace: {
                collection.collection_name: _collection(ns.namespace, collection.rwset)
                for collection in ns.collection_pvt_rwset
            }
            for ns in transaction.ns_pvt_rwset
        }
        for index, transaction in sorted(parsed.private_data_map.items())
    }


def _collection(namespace: str, content: bytes) -> ReadWriteSet:
    parsed = kv_rwset_pb2.KVRWSet.FromString(content)
    return ReadWriteSet(
        reads=tuple(
            Read(
                namespace,
                read.key,
                Version(read.version.block_num, read.version.tx_num) if read.HasField("version") else None,
            )
            for read in parsed.reads
        ),
        writes=tuple(Write(namespace, w.key, None if w.is_delete else w.value) for w in parsed.writes),
        metadata_writes=tuple(
            MetadataWrite(namespace, w.key, _entries(w.entries)) for w in parsed.metadata_writes
        ),
    )


def _entries(entries: Iterable[kv_rwset_pb2.KVMetadataEntry]) -> tuple[tuple[str, bytes], ...]:
    return tuple((entry.name, entry.value) for entry in entries)


def _seek(position: Checkpoint | None) -> ab_pb2.SeekPosition:
    if position is None:
        return ab_pb2.SeekPosition(next_commit=ab_pb2.SeekNextCommit())
    return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=position.block_number))


def _start(seek: ab_pb2.SeekPosition, after_transaction_id: str) -> Start:
    match seek.WhichOneof("Type"):
        case "specified":
            return Start(Checkpoint(seek.specified.number, after_transaction_id or None), fixed=True)
        case "oldest":
            return Start(None, fixed=True)
        case _:
            return Start(None, fixed=False)


_Content = TypeVar("_Content")


def _answer(parser: Callable[[_Content], _Parsed], content: _Content, what: str) -> _Parsed:
    try:
        return parser(content)
    except DecodeError as error:
        raise ResponseError(
            f"the gateway's answer holds no {what}; check that the address is a Fabric peer's"
        ) from error
