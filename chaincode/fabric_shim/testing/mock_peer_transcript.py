"""What stands in a transcript with a :class:`~fabric_shim.testing.mock_peer.MockPeer`: requests and answers.

The functions that make requests have the names of the stub's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from fabric_shim._internal import ledger_messages
from fabric_shim._internal.messages import MessageType
from fabric_shim.ledger import KV, Batch, CallResult, KeyModification, PageRequest, Write, WriteKind

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Request:
    """A ledger request as the chaincode must make it."""

    kind: MessageType
    payload: bytes = field(repr=False)


def get_state(key: str, collection: str = "") -> Request:
    """Read a key, or with a collection a private key."""
    return Request(MessageType.GET_STATE, ledger_messages.get_state(collection, key))


def get_multiple_states(*keys: str, collection: str = "") -> Request:
    """Read many keys in one message; answered with :func:`values`."""
    return Request(MessageType.GET_STATE_MULTIPLE, ledger_messages.get_state_multiple(collection, keys))


def get_private_data_hash(collection: str, key: str) -> Request:
    """Read the hash of a private value."""
    return Request(MessageType.GET_PRIVATE_DATA_HASH, ledger_messages.get_state(collection, key))


def get_validation_parameter(key: str, collection: str = "") -> Request:
    """Read a key's endorsement policy; answered with :func:`validation_parameter`."""
    return Request(MessageType.GET_STATE_METADATA, ledger_messages.get_state(collection, key))


def put_state(key: str, value: bytes, collection: str = "") -> Request:
    """Write a key; answered with nothing."""
    return _alone(Write(WriteKind.PUT, collection, key, value))


def del_state(key: str, collection: str = "") -> Request:
    """Delete a key; answered with nothing."""
    return _alone(Write(WriteKind.DELETE, collection, key))


def purge_private_data(collection: str, key: str) -> Request:
    """Purge a private key; answered with nothing."""
    return _alone(Write(WriteKind.PURGE, collection, key))


def set_validation_parameter(key: str, policy: bytes, collection: str = "") -> Request:
    """Set a key's endorsement policy; answered with nothing."""
    return _alone(Write(WriteKind.VALIDATION_PARAMETER, collection, key, policy))


def write_batch(*writes: Write) -> Request:
    """Write many keys in one message; answered with nothing."""
    return Request(MessageType.WRITE_BATCH_STATE, ledger_messages.write_batch(writes))


def get_state_by_range(
    start_key: str, end_key: str, collection: str = "", page: PageRequest | None = None
) -> Request:
    """Query a range, the bounds as they go to the peer; answered with :func:`states`."""
    payload = ledger_messages.get_state_by_range(collection, start_key, end_key, page)
    return Request(MessageType.GET_STATE_BY_RANGE, payload)


def get_query_result(query: str, collection: str = "", page: PageRequest | None = None) -> Request:
    """Make a rich query; answered with :func:`states`."""
    payload = ledger_messages.get_query_result(collection, query, page)
    return Request(MessageType.GET_QUERY_RESULT, payload)


def get_history_for_key(key: str) -> Request:
    """Query a key's history; answered with :func:`modifications`."""
    return Request(MessageType.GET_HISTORY_FOR_KEY, ledger_messages.get_history_for_key(key))


def next_results(query_id: str) -> Request:
    """Fetch the next batch of a query, answered like the query."""
    return Request(MessageType.QUERY_STATE_NEXT, ledger_messages.query_state(query_id))


def close_query(query_id: str) -> Request:
    """Free a query; answered with nothing."""
    return Request(MessageType.QUERY_STATE_CLOSE, ledger_messages.query_state(query_id))


def invoke_chaincode(name: str, *args: bytes | str, channel: str = "") -> Request:
    """Call another chaincode; answered with :func:`called`."""
    wire_args = [arg.encode() if isinstance(arg, str) else arg for arg in args]
    payload = ledger_messages.invoke_chaincode(name, channel, wire_args)
    return Request(MessageType.INVOKE_CHAINCODE, payload)


def values(*found: bytes) -> bytes:
    """Answer a read of many keys; empty for a missing one."""
    return ledger_messages.values(found)


def validation_parameter(policy: bytes) -> bytes:
    """Answer with a key's endorsement policy; empty: it has none."""
    return ledger_messages.validation_parameter(policy)


def states(items: Sequence[KV], *, more_from: str = "", bookmark: str = "") -> bytes:
    """Answer a state query.

    :param more_from: the query's id when more results follow.
    :param bookmark: for a paginated query.
    """
    return ledger_messages.states(_batch(items, more_from, bookmark))


def modifications(items: Sequence[KeyModification], *, more_from: str = "") -> bytes:
    """Answer a history query.

    :param more_from: the query's id when more results follow.
    """
    return ledger_messages.modifications(_batch(items, more_from, ""))


def called(status: int = 200, message: str = "", payload: bytes = b"") -> bytes:
    """Answer with what a called chaincode responded."""
    return ledger_messages.called(CallResult(status, message, payload))


def _alone(write: Write) -> Request:
    return Request(*ledger_messages.write(write))


def _batch(items: Sequence[_Item], more_from: str, bookmark: str) -> Batch[_Item]:
    return Batch(tuple(items), more_from or "query", bool(more_from), bookmark, len(items))
