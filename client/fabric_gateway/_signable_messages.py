"""Signable messages on their way to a signer elsewhere and back (fabric-protos gateway/gateway.proto)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import proposal_pb2
from google.protobuf.message import DecodeError

from fabric_gateway import _messages
from fabric_gateway.errors import SignableError

_Parsed = TypeVar("_Parsed")


def parsed(parser: Callable[[bytes], _Parsed], content: bytes, what: str) -> _Parsed:
    """What ``parser`` makes of bytes that a caller gave.

    Raises:
        SignableError: they are not ``what``.
    """
    if not isinstance(content, bytes):
        raise SignableError(f"this {what} is of type {type(content).__name__}; give its bytes")
    try:
        return parser(content)
    except DecodeError as error:
        raise SignableError(
            f"these bytes are not a {what}; give the bytes property of one, unchanged"
        ) from error


class ProposedTransaction(NamedTuple):
    """``gateway.ProposedTransaction`` and what its proposal's header says."""

    channel: str
    transaction_id: str
    proposal: bytes
    signature: bytes
    organizations: tuple[str, ...]


def proposed_transaction(
    transaction_id: str, proposal: bytes, signature: bytes, organizations: Iterable[str]
) -> bytes:
    return gateway_pb2.ProposedTransaction(
        transaction_id=transaction_id,
        proposal=proposal_pb2.SignedProposal(proposal_bytes=proposal, signature=signature),
        endorsing_organizations=organizations,
    ).SerializeToString()


def read_proposed_transaction(content: bytes) -> ProposedTransaction:
    """Raises SignableError: it is none, or its parts are of different transactions."""
    return parsed(_proposed_transaction_in, content, "proposal")


def _proposed_transaction_in(content: bytes) -> ProposedTransaction:
    proposed = gateway_pb2.ProposedTransaction.FromString(content)
    signed = proposed.proposal
    header = common_pb2.Header.FromString(proposal_pb2.Proposal.FromString(signed.proposal_bytes).header)
    channel_header = common_pb2.ChannelHeader.FromString(header.channel_header)
    signature_header = common_pb2.SignatureHeader.FromString(header.signature_header)
    named = hashlib.sha256(signature_header.nonce + signature_header.creator).hexdigest()
    if not proposed.transaction_id == channel_header.tx_id == named:
        raise DecodeError("the transaction id is not that of the proposal")
    return ProposedTransaction(
        channel_header.channel_id,
        proposed.transaction_id,
        signed.proposal_bytes,
        signed.signature,
        tuple(proposed.endorsing_organizations),
    )


class PreparedTransaction(NamedTuple):
    """``gateway.PreparedTransaction`` and what its payload says."""

    channel: str
    transaction_id: str
    payload: bytes
    signature: bytes
    result: bytes


def prepared_transaction(transaction_id: str, payload: bytes, signature: bytes) -> bytes:
    return gateway_pb2.PreparedTransaction(
        transaction_id=transaction_id,
        envelope=common_pb2.Envelope(payload=payload, signature=signature),
    ).SerializeToString()


def read_prepared_transaction(content: bytes) -> PreparedTransaction:
    """Raises SignableError: it is none, or its parts are of different transactions."""
    return parsed(_prepared_transaction_in, content, "transaction")


def _prepared_transaction_in(content: bytes) -> PreparedTransaction:
    prepared = gateway_pb2.PreparedTransaction.FromString(content)
    inner = _messages.transaction_in(prepared.envelope.payload)
    header = common_pb2.ChannelHeader.FromString(inner.channel_header)
    if prepared.transaction_id != header.tx_id:
        raise DecodeError("the transaction id is not that of the payload")
    if header.type != common_pb2.ENDORSER_TRANSACTION:
        raise DecodeError("another type of envelope")
    return PreparedTransaction(
        header.channel_id,
        prepared.transaction_id,
        prepared.envelope.payload,
        prepared.envelope.signature,
        inner.result,
    )


class CommitStatusRequest(NamedTuple):
    """``gateway.SignedCommitStatusRequest`` and what the request in it says."""

    channel: str
    transaction_id: str
    request: bytes
    signature: bytes


def read_commit_status_request(content: bytes) -> CommitStatusRequest:
    """Raises SignableError: it is none."""
    return parsed(_commit_status_request_in, content, "commit")


def _commit_status_request_in(content: bytes) -> CommitStatusRequest:
    signed = gateway_pb2.SignedCommitStatusRequest.FromString(content)
    request = gateway_pb2.CommitStatusRequest.FromString(signed.request)
    if not request.transaction_id:
        raise DecodeError("it names no transaction")
    return CommitStatusRequest(request.channel_id, request.transaction_id, signed.request, signed.signature)
