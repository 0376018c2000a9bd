"""The chaincode protocol's messages as plain values, both ways. The only module that knows protobuf.

Source: fabric-protos peer/chaincode_shim.proto; fabric-chaincode-go shim/handler.go and shim/stub.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Final, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_event_pb2, chaincode_pb2, chaincode_shim_pb2, proposal_pb2
from fabric_protos.peer import proposal_response_pb2 as response_pb2
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtobufMessage
from google.protobuf.timestamp_pb2 import Timestamp

from fabric_shim.chaincode import Response
from fabric_shim.errors import IdentityError, ProtocolError
from fabric_shim.ledger import KV, Batch, KeyModification, PageRequest
from fabric_shim.stub import ChaincodeEvent, Invocation, SignedProposal

_PROPOSAL_TYPES: Final = (common_pb2.ENDORSER_TRANSACTION, common_pb2.CONFIG)
_EPOCH_START: Final = datetime.fromtimestamp(0, UTC)


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
    RESPONSE = 13
    GET_STATE_BY_RANGE = 14
    QUERY_STATE_NEXT = 16
    QUERY_STATE_CLOSE = 17
    KEEPALIVE = 18
    GET_HISTORY_FOR_KEY = 19
    GET_PRIVATE_DATA_HASH = 22
    PURGE_PRIVATE_DATA = 23


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the peer. ``type`` is a :class:`MessageType`, or a number that the shim does not know."""

    type: int
    channel_id: str
    tx_id: str
    payload: bytes = field(repr=False)
    proposal: SignedProposal | None = field(repr=False)


def parse(frame: bytes) -> Message:
    """Read a message of the peer.

    :raises ProtocolError: the frame is no chaincode message.
    """
    message = _decode(chaincode_shim_pb2.ChaincodeMessage, frame)
    proposal = None
    if message.HasField("proposal"):
        proposal = SignedProposal(message.proposal.proposal_bytes, message.proposal.signature)
    return Message(message.type, message.channel_id, message.txid, message.payload, proposal)


def parse_invocation(message: Message) -> Invocation:
    """Read an INIT or TRANSACTION message: arguments, creator, transient fields, binding and timestamp.

    :raises ProtocolError: it carries no proposal, or one that cannot be read.
    """
    if message.proposal is None:
        raise ProtocolError("The transaction carries no signed proposal.")
    call = _decode(chaincode_pb2.ChaincodeInput, message.payload)
    proposal = _decode(proposal_pb2.Proposal, message.proposal.proposal_bytes)
    header = _decode(common_pb2.Header, proposal.header)
    channel_header = _decode(common_pb2.ChannelHeader, header.channel_header)
    signature_header = _decode(common_pb2.SignatureHeader, header.signature_header)
    payload = _decode(proposal_pb2.ChaincodeProposalPayload, proposal.payload)
    if channel_header.type not in _PROPOSAL_TYPES:
        raise ProtocolError("The proposal's channel header has a type that no chaincode answers.")
    epoch = channel_header.epoch.to_bytes(8, "little")
    return Invocation(
        tx_id=message.tx_id,
        channel_id=message.channel_id,
        args=tuple(call.args),
        creator=signature_header.creator,
        timestamp=_datetime(channel_header.timestamp),
        transient=MappingProxyType(dict(payload.TransientMap)),
        binding=hashlib.sha256(signature_header.nonce + signature_header.creator + epoch).digest(),
        signed_proposal=message.proposal,
    )


def parse_states(payload: bytes) -> Batch[KV]:
    """Read the results of a state query.

    :raises ProtocolError: they cannot be read.
    """

    def item(result: bytes) -> KV:
        kv = _decode(kv_query_result_pb2.KV, result)
        return KV(kv.key, kv.value)

    return _batch(payload, item)


def parse_modifications(payload: bytes) -> Batch[KeyModification]:
    """Read the results of a history query.

    :raises ProtocolError: they cannot be read.
    """

    def item(result: bytes) -> KeyModification:
        change = _decode(kv_query_result_pb2.KeyModification, result)
        return KeyModification(change.tx_id, change.value, _datetime(change.timestamp), change.is_delete)

    return _batch(payload, item)


def parse_creator(creator: bytes) -> tuple[str, bytes]:
    """Give a serialized identity's MSP ID and certificate (PEM).

    :raises IdentityError: it is no serialized identity.
    """
    try:
        identity = _decode(identities_pb2.SerializedIdentity, creator)
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


def request(kind: MessageType, channel_id: str, tx_id: str, payload: bytes) -> bytes:
    """Make a ledger request; the payloads are made by the functions below."""
    return _encode(kind, channel_id, tx_id, payload)


def get_state(collection: str, key: str) -> bytes:
    """Payload of GET_STATE and GET_PRIVATE_DATA_HASH."""
    return chaincode_shim_pb2.GetState(collection=collection, key=key).SerializeToString()


def put_state(collection: str, key: str, value: bytes) -> bytes:
    """Payload of PUT_STATE."""
    return chaincode_shim_pb2.PutState(collection=collection, key=key, value=value).SerializeToString()


def del_state(collection: str, key: str) -> bytes:
    """Payload of DEL_STATE and PURGE_PRIVATE_DATA."""
    return chaincode_shim_pb2.DelState(collection=collection, key=key).SerializeToString()


def get_state_by_range(collection: str, start_key: str, end_key: str, page: PageRequest | None) -> bytes:
    """Payload of GET_STATE_BY_RANGE."""
    metadata = b""
    if page is not None:
        paging = chaincode_shim_pb2.QueryMetadata(pageSize=page.size, bookmark=page.bookmark)
        metadata = paging.SerializeToString()
    return chaincode_shim_pb2.GetStateByRange(
        collection=collection, startKey=start_key, endKey=end_key, metadata=metadata
    ).SerializeToString()


def get_history_for_key(key: str) -> bytes:
    """Payload of GET_HISTORY_FOR_KEY."""
    return chaincode_shim_pb2.GetHistoryForKey(key=key).SerializeToString()


def query_state_next(query_id: str) -> bytes:
    """Payload of QUERY_STATE_NEXT."""
    return chaincode_shim_pb2.QueryStateNext(id=query_id).SerializeToString()


def query_state_close(query_id: str) -> bytes:
    """Payload of QUERY_STATE_CLOSE."""
    return chaincode_shim_pb2.QueryStateClose(id=query_id).SerializeToString()


_Decoded = TypeVar("_Decoded", bound=ProtobufMessage)
_Item = TypeVar("_Item")


def _decode(kind: type[_Decoded], data: bytes) -> _Decoded:
    try:
        return kind.FromString(data)
    except DecodeError:
        raise ProtocolError(f"The peer sent a {kind.__name__} that cannot be read.") from None


def _encode(
    kind: MessageType, channel_id: str, tx_id: str, payload: bytes, event: ChaincodeEvent | None = None
) -> bytes:
    message = chaincode_shim_pb2.ChaincodeMessage(
        type=chaincode_shim_pb2.ChaincodeMessage.Type.ValueType(kind),
        channel_id=channel_id,
        txid=tx_id,
        payload=payload,
    )
    if event is not None:
        message.chaincode_event.CopyFrom(
            chaincode_event_pb2.ChaincodeEvent(event_name=event.name, payload=event.payload)
        )
    return message.SerializeToString()


def _batch(payload: bytes, item: Callable[[bytes], _Item]) -> Batch[_Item]:
    response = _decode(chaincode_shim_pb2.QueryResponse, payload)
    results: Iterable[chaincode_shim_pb2.QueryResultBytes] = response.results
    metadata = _decode(chaincode_shim_pb2.QueryResponseMetadata, response.metadata)
    return Batch(
        tuple(item(result.resultBytes) for result in results),
        response.id,
        response.has_more,
        metadata.bookmark,
    )


def _datetime(timestamp: Timestamp) -> datetime:
    try:
        return _EPOCH_START + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        raise ProtocolError("The peer sent a timestamp beyond the year 9999.") from None
