"""The chaincode protocol's messages as plain values, both ways: their envelope, and all but ledger requests.

Source: fabric-protos peer/chaincode_shim.proto; fabric-chaincode-go shim/handler.go and shim/stub.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Final, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2, proposal_pb2
from fabric_protos.peer import proposal_response_pb2 as response_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtobufMessage
from google.protobuf.timestamp_pb2 import Timestamp

from fabric_shim._internal.batching import NO_BATCHES, BatchOffer
from fabric_shim.chaincode import Response
from fabric_shim.errors import IdentityError, ProtocolError
from fabric_shim.invocation import ChaincodeEvent, Invocation, SignedProposal

_PROPOSAL_TYPES: Final = (common_pb2.ENDORSER_TRANSACTION, common_pb2.CONFIG)
_EPOCH_START: Final = datetime.fromtimestamp(0, UTC)
# ChaincodeAdditionalParams (fabric-protos peer/chaincode_shim.proto) is not in the Python package yet.
_ADDITIONAL_PARAMS: Final = (
    ("useWriteBatch", FieldDescriptorProto.TYPE_BOOL),
    ("maxSizeWriteBatch", FieldDescriptorProto.TYPE_UINT32),
    ("useGetMultipleKeys", FieldDescriptorProto.TYPE_BOOL),
    ("maxSizeGetMultipleKeys", FieldDescriptorProto.TYPE_UINT32),
)
_SMALLEST_BATCH: Final = 100


class MessageType(IntEnum):
    """The message types that the shim sends or receives."""

    REGISTER = 1
    REGISTERED = 2
    INIT = 3
    READY = 4
    TRANSACTION = 5
    COMPLETED = 6
    ERROR = 7
    GET_STATE = 8
    PUT_STATE = 9
    DEL_STATE = 10
    INVOKE_CHAINCODE = 11
    RESPONSE = 13
    GET_STATE_BY_RANGE = 14
    GET_QUERY_RESULT = 15
    QUERY_STATE_NEXT = 16
    QUERY_STATE_CLOSE = 17
    KEEPALIVE = 18
    GET_HISTORY_FOR_KEY = 19
    GET_STATE_METADATA = 20
    PUT_STATE_METADATA = 21
    GET_PRIVATE_DATA_HASH = 22
    PURGE_PRIVATE_DATA = 23
    WRITE_BATCH_STATE = 24
    GET_STATE_MULTIPLE = 25


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the peer. ``type`` is a :class:`MessageType`, or a number that the shim does not know."""

    type: int
    channel_id: str
    tx_id: str
    payload: bytes = field(repr=False)
    proposal: SignedProposal | None = field(repr=False)


def _additional_params() -> type[ProtobufMessage]:
    file = FileDescriptorProto(name="additional_params.proto", package="fabric_shim", syntax="proto3")
    message = file.message_type.add(name="ChaincodeAdditionalParams")
    for number, (name, kind) in enumerate(_ADDITIONAL_PARAMS, 1):
        message.field.add(name=name, number=number, type=kind, label=FieldDescriptorProto.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call]
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("fabric_shim.ChaincodeAdditionalParams")  # type: ignore[no-untyped-call]
    )


_AdditionalParams: Final = _additional_params()


def parse(frame: bytes) -> Message:
    """Read a message of the peer.

    :raises ProtocolError: the frame is no chaincode message.
    """
    message = decode(chaincode_shim_pb2.ChaincodeMessage, frame)
    proposal = None
    if message.HasField("proposal"):
        proposal = SignedProposal(message.proposal.proposal_bytes, message.proposal.signature)
    return Message(message.type, message.channel_id, message.txid, message.payload, proposal)


def parse_register(message: Message) -> str:
    """Give the chaincode id of a REGISTER message.

    :raises ProtocolError: it cannot be read.
    """
    return decode(chaincode_pb2.ChaincodeID, message.payload).name


def parse_completed(frame: bytes) -> tuple[Response, ChaincodeEvent | None]:
    """Read the answer to a transaction, and its event.

    :raises ProtocolError: it cannot be read.
    """
    message = decode(chaincode_shim_pb2.ChaincodeMessage, frame)
    response = decode(response_pb2.Response, message.payload)
    event = None
    if message.HasField("chaincode_event"):
        event = ChaincodeEvent(message.chaincode_event.event_name, message.chaincode_event.payload)
    return Response(response.status, response.message, response.payload), event


def parse_invocation(message: Message) -> Invocation:
    """Read an INIT or TRANSACTION message: arguments, creator, transient fields, binding and timestamp.

    :raises ProtocolError: it carries no proposal, or one that cannot be read.
    """
    if message.proposal is None:
        raise ProtocolError("The transaction carries no signed proposal.")
    call = decode(chaincode_pb2.ChaincodeInput, message.payload)
    proposal = decode(proposal_pb2.Proposal, message.proposal.proposal_bytes)
    header = decode(common_pb2.Header, proposal.header)
    channel_header = decode(common_pb2.ChannelHeader, header.channel_header)
    signature_header = decode(common_pb2.SignatureHeader, header.signature_header)
    payload = decode(proposal_pb2.ChaincodeProposalPayload, proposal.payload)
    if channel_header.type not in _PROPOSAL_TYPES:
        raise ProtocolError("The proposal's channel header has a type that no chaincode answers.")
    epoch = channel_header.epoch.to_bytes(8, "little")
    return Invocation(
        tx_id=message.tx_id,
        channel_id=message.channel_id,
        args=tuple(call.args),
        creator=signature_header.creator,
        timestamp=to_datetime(channel_header.timestamp),
        transient=MappingProxyType(dict(payload.TransientMap)),
        binding=hashlib.sha256(signature_header.nonce + signature_header.creator + epoch).digest(),
        signed_proposal=message.proposal,
        decorations=MappingProxyType(dict(call.decorations)),
    )


def parse_offer(payload: bytes) -> BatchOffer:
    """Read READY's payload: what the peer takes in one message.

    Fabric 2.5 sends none. As in Go, a payload that cannot be read offers nothing, and a size below 100 counts
    as 100.
    """
    try:
        offer = decode(_AdditionalParams, payload)
    except ProtocolError:
        return NO_BATCHES
    use_writes, writes, use_reads, reads = (getattr(offer, name) for name, _ in _ADDITIONAL_PARAMS)
    return BatchOffer(
        max(writes, _SMALLEST_BATCH) if use_writes else 1, max(reads, _SMALLEST_BATCH) if use_reads else 1
    )


def offer(offered: BatchOffer) -> bytes:
    """Make the payload of READY."""
    message = _AdditionalParams()
    sizes = (offered.write_batch > 1, offered.write_batch, offered.get_multiple > 1, offered.get_multiple)
    for (name, _), value in zip(_ADDITIONAL_PARAMS, sizes, strict=True):
        setattr(message, name, value)
    return message.SerializeToString()


def parse_creator(creator: bytes) -> tuple[str, bytes]:
    """Give a serialized identity's MSP ID and certificate (PEM).

    :raises IdentityError: it is no serialized identity.
    """
    try:
        identity = decode(identities_pb2.SerializedIdentity, creator)
    except ProtocolError:
        raise IdentityError("The creator is not a serialized identity.") from None
    return identity.mspid, identity.id_bytes


def serialize_creator(msp_id: str, certificate_pem: bytes) -> bytes:
    """Make a serialized identity."""
    return identities_pb2.SerializedIdentity(mspid=msp_id, id_bytes=certificate_pem).SerializeToString()


def proposal(
    channel_id: str,
    tx_id: str,
    *,
    timestamp: datetime,
    creator: bytes,
    nonce: bytes,
    transient: Mapping[str, bytes],
    args: Sequence[bytes],
) -> bytes:
    """Make what a client signs to have the chaincode called."""
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.ENDORSER_TRANSACTION, channel_id=channel_id, tx_id=tx_id
    )
    channel_header.timestamp.FromDatetime(timestamp)
    signature_header = common_pb2.SignatureHeader(creator=creator, nonce=nonce)
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=signature_header.SerializeToString(),
    )
    call = chaincode_pb2.ChaincodeSpec(input=chaincode_pb2.ChaincodeInput(args=args))
    payload = proposal_pb2.ChaincodeProposalPayload(
        input=chaincode_pb2.ChaincodeInvocationSpec(chaincode_spec=call).SerializeToString(),
        TransientMap=dict(transient),
    )
    return proposal_pb2.Proposal(
        header=header.SerializeToString(), payload=payload.SerializeToString()
    ).SerializeToString()


def arguments(args: Sequence[bytes]) -> bytes:
    """Payload of TRANSACTION."""
    return chaincode_pb2.ChaincodeInput(args=args).SerializeToString()


def register(chaincode_id: str) -> bytes:
    """Make the first message of a stream, which names the chaincode package."""
    payload = chaincode_pb2.ChaincodeID(name=chaincode_id).SerializeToString()
    return _encode(MessageType.REGISTER, "", "", payload)


def completed(invocation: Invocation, response: Response, event: ChaincodeEvent | None) -> bytes:
    """Make the answer to a transaction. The peer adds chaincode and transaction id to the event."""
    message = response_pb2.Response(
        status=response.status, message=response.message, payload=response.payload
    )
    return _encode(
        MessageType.COMPLETED, invocation.channel_id, invocation.tx_id, message.SerializeToString(), event
    )


def error(channel_id: str, tx_id: str, text: str) -> bytes:
    """Make the answer to a transaction that could not be run, or to a refused INIT."""
    return _encode(MessageType.ERROR, channel_id, tx_id, text.encode())


def request(kind: int, channel_id: str, tx_id: str, payload: bytes) -> bytes:
    """Make a message without an event: a ledger request, or what the peer says."""
    return _encode(kind, channel_id, tx_id, payload)


def start(message: Message) -> bytes:
    """Make the peer's TRANSACTION or INIT message."""
    encoded = _message(message.type, message.channel_id, message.tx_id, message.payload)
    if message.proposal is not None:
        encoded.proposal.proposal_bytes = message.proposal.proposal_bytes
        encoded.proposal.signature = message.proposal.signature
    return encoded.SerializeToString()


_Decoded = TypeVar("_Decoded", bound=ProtobufMessage)


def decode(kind: type[_Decoded], data: bytes) -> _Decoded:
    """Read a message.

    :raises ProtocolError: the bytes are none of this kind.
    """
    try:
        return kind.FromString(data)
    except DecodeError:
        raise ProtocolError(f"The peer sent a {kind.__name__} that cannot be read.") from None


def _encode(
    kind: int, channel_id: str, tx_id: str, payload: bytes, event: ChaincodeEvent | None = None
) -> bytes:
    message = _message(kind, channel_id, tx_id, payload)
    if event is not None:
        message.chaincode_event.event_name = event.name
        message.chaincode_event.payload = event.payload
    return message.SerializeToString()


def _message(kind: int, channel_id: str, tx_id: str, payload: bytes) -> chaincode_shim_pb2.ChaincodeMessage:
    return chaincode_shim_pb2.ChaincodeMessage(
        type=chaincode_shim_pb2.ChaincodeMessage.Type.ValueType(kind),
        channel_id=channel_id,
        txid=tx_id,
        payload=payload,
    )


def to_datetime(timestamp: Timestamp) -> datetime:
    """Give a timestamp as UTC; Python's datetime ends at microseconds.

    :raises ProtocolError: it is beyond the year 9999.
    """
    try:
        return _EPOCH_START + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        raise ProtocolError("The peer sent a timestamp beyond the year 9999.") from None
