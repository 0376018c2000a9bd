"""The payloads of ledger requests and of their answers.

Source: fabric-protos peer/chaincode_shim.proto; fabric-chaincode-go shim/handler.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.peer import chaincode_pb2, chaincode_shim_pb2
from fabric_protos.peer import proposal_response_pb2 as response_pb2

from fabric_shim._internal.messages import MessageType, decode, request, to_datetime
from fabric_shim.ledger import KV, Batch, CallResult, KeyModification, PageRequest, Write, WriteKind

# The name of peer.MetaDataKeys' only value, under which a key's endorsement policy lies.
VALIDATION_PARAMETER: Final = "VALIDATION_PARAMETER"
_CALL_FAILED: Final = 500
_WRITE_TYPES: Final = {
    WriteKind.PUT: MessageType.PUT_STATE,
    WriteKind.DELETE: MessageType.DEL_STATE,
    WriteKind.PURGE: MessageType.PURGE_PRIVATE_DATA,
    WriteKind.VALIDATION_PARAMETER: MessageType.PUT_STATE_METADATA,
}
_Item = TypeVar("_Item")


def get_state(collection: str, key: str) -> bytes:
    """Payload of GET_STATE, GET_PRIVATE_DATA_HASH and GET_STATE_METADATA, which are alike."""
    return chaincode_shim_pb2.GetState(collection=collection, key=key).SerializeToString()


def get_state_multiple(collection: str, keys: Sequence[str]) -> bytes:
    """Payload of GET_STATE_MULTIPLE."""
    return chaincode_shim_pb2.GetStateMultiple(collection=collection, keys=keys).SerializeToString()


def write(one: Write) -> tuple[MessageType, bytes]:
    """Message type and payload of a write that goes alone."""
    kind = _WRITE_TYPES[one.kind]
    match one.kind:
        case WriteKind.PUT:
            put = chaincode_shim_pb2.PutState(collection=one.collection, key=one.key, value=one.value)
            return kind, put.SerializeToString()
        case WriteKind.VALIDATION_PARAMETER:
            metadata = chaincode_shim_pb2.PutStateMetadata(
                collection=one.collection,
                key=one.key,
                metadata=chaincode_shim_pb2.StateMetadata(metakey=VALIDATION_PARAMETER, value=one.value),
            )
            return kind, metadata.SerializeToString()
        case _:
            # PurgePrivateState has the same fields.
            delete = chaincode_shim_pb2.DelState(collection=one.collection, key=one.key)
            return kind, delete.SerializeToString()


def write_batch(writes: Sequence[Write]) -> bytes:
    """Payload of WRITE_BATCH_STATE."""
    batch = chaincode_shim_pb2.WriteBatchState()
    add = batch.rec.add
    for one in writes:
        kind = chaincode_shim_pb2.WriteRecord.Type.ValueType(one.kind)
        if one.kind is WriteKind.VALIDATION_PARAMETER:
            record = add(type=kind, collection=one.collection, key=one.key)
            record.metadata.metakey = VALIDATION_PARAMETER
            record.metadata.value = one.value
        else:
            add(type=kind, collection=one.collection, key=one.key, value=one.value)
    return batch.SerializeToString()


def get_state_by_range(collection: str, start_key: str, end_key: str, page: PageRequest | None) -> bytes:
    """Payload of GET_STATE_BY_RANGE."""
    return chaincode_shim_pb2.GetStateByRange(
        collection=collection, startKey=start_key, endKey=end_key, metadata=_paging(page)
    ).SerializeToString()


def get_query_result(collection: str, query: str, page: PageRequest | None) -> bytes:
    """Payload of GET_QUERY_RESULT."""
    return chaincode_shim_pb2.GetQueryResult(
        collection=collection, query=query, metadata=_paging(page)
    ).SerializeToString()


def get_history_for_key(key: str) -> bytes:
    """Payload of GET_HISTORY_FOR_KEY."""
    return chaincode_shim_pb2.GetHistoryForKey(key=key).SerializeToString()


def query_state(query_id: str) -> bytes:
    """Payload of QUERY_STATE_NEXT and QUERY_STATE_CLOSE, which are alike."""
    return chaincode_shim_pb2.QueryStateNext(id=query_id).SerializeToString()


def invoke_chaincode(name: str, channel: str, args: Sequence[bytes]) -> bytes:
    """Payload of INVOKE_CHAINCODE; another channel is named behind the chaincode: ``name/channel``."""
    return chaincode_pb2.ChaincodeSpec(
        chaincode_id=chaincode_pb2.ChaincodeID(name=f"{name}/{channel}" if channel else name),
        input=chaincode_pb2.ChaincodeInput(args=args),
    ).SerializeToString()


def parse_values(payload: bytes) -> Sequence[bytes]:
    """Read the values of GET_STATE_MULTIPLE, empty for missing keys.

    :raises ProtocolError: they cannot be read.
    """
    return list(decode(chaincode_shim_pb2.GetStateMultipleResult, payload).values)


def parse_validation_parameter(payload: bytes) -> bytes:
    """Read a key's endorsement policy out of its metadata; empty if there is none.

    :raises ProtocolError: the metadata cannot be read.
    """
    entries = decode(chaincode_shim_pb2.StateMetadataResult, payload).entries
    return next((entry.value for entry in entries if entry.metakey == VALIDATION_PARAMETER), b"")


def parse_states(payload: bytes) -> Batch[KV]:
    """Read the results of a state query.

    :raises ProtocolError: they cannot be read.
    """

    def item(result: bytes) -> KV:
        kv = decode(kv_query_result_pb2.KV, result)
        return KV(kv.key, kv.value)

    return _batch(payload, item)


def parse_modifications(payload: bytes) -> Batch[KeyModification]:
    """Read the results of a history query.

    :raises ProtocolError: they cannot be read.
    """

    def item(result: bytes) -> KeyModification:
        change = decode(kv_query_result_pb2.KeyModification, result)
        return KeyModification(change.tx_id, change.value, to_datetime(change.timestamp), change.is_delete)

    return _batch(payload, item)


def parse_call(payload: bytes) -> CallResult:
    """Read what a called chaincode answered: its own COMPLETED message, or the ERROR that it ended in.

    :raises ProtocolError: it cannot be read.
    """
    message = decode(chaincode_shim_pb2.ChaincodeMessage, payload)
    if message.type != chaincode_shim_pb2.ChaincodeMessage.COMPLETED:
        return CallResult(_CALL_FAILED, "", message.payload)
    response = decode(response_pb2.Response, message.payload)
    return CallResult(response.status, response.message, response.payload)


def values(found: Sequence[bytes]) -> bytes:
    """Make the answer to GET_STATE_MULTIPLE."""
    return chaincode_shim_pb2.GetStateMultipleResult(values=found).SerializeToString()


def validation_parameter(policy: bytes) -> bytes:
    """Make the answer to GET_STATE_METADATA; an empty policy is none."""
    entries = [chaincode_shim_pb2.StateMetadata(metakey=VALIDATION_PARAMETER, value=policy)]
    return chaincode_shim_pb2.StateMetadataResult(entries=entries if policy else ()).SerializeToString()


def states(batch: Batch[KV]) -> bytes:
    """Make the answer to a state query."""
    return _results(
        batch, [kv_query_result_pb2.KV(key=kv.key, value=kv.value).SerializeToString() for kv in batch.items]
    )


def modifications(batch: Batch[KeyModification]) -> bytes:
    """Make the answer to a history query."""
    changes: list[bytes] = []
    for item in batch.items:
        change = kv_query_result_pb2.KeyModification(
            tx_id=item.tx_id, value=item.value, is_delete=item.is_delete
        )
        change.timestamp.FromDatetime(item.timestamp)
        changes.append(change.SerializeToString())
    return _results(batch, changes)


def called(result: CallResult) -> bytes:
    """Make the answer to INVOKE_CHAINCODE."""
    response = response_pb2.Response(status=result.status, message=result.message, payload=result.payload)
    return request(MessageType.COMPLETED, "", "", response.SerializeToString())


def _paging(page: PageRequest | None) -> bytes:
    if page is None:
        return b""
    return chaincode_shim_pb2.QueryMetadata(pageSize=page.size, bookmark=page.bookmark).SerializeToString()


def _results(batch: Batch[_Item], results: Sequence[bytes]) -> bytes:
    metadata = chaincode_shim_pb2.QueryResponseMetadata(
        bookmark=batch.bookmark, fetched_records_count=batch.fetched_records_count
    )
    return chaincode_shim_pb2.QueryResponse(
        results=[chaincode_shim_pb2.QueryResultBytes(resultBytes=result) for result in results],
        has_more=batch.has_more,
        id=batch.query_id,
        metadata=metadata.SerializeToString(),
    ).SerializeToString()


def _batch(payload: bytes, item: Callable[[bytes], _Item]) -> Batch[_Item]:
    response = decode(chaincode_shim_pb2.QueryResponse, payload)
    metadata = decode(chaincode_shim_pb2.QueryResponseMetadata, response.metadata)
    return Batch(
        tuple(item(result.resultBytes) for result in response.results),
        response.id,
        response.has_more,
        metadata.bookmark,
        metadata.fetched_records_count,
    )
