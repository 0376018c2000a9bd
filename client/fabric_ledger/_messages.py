"""Envelopes and transactions as plain values (fabric-protos common, msp, peer)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from fabric_protos.common import common_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_event_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2

from fabric_ledger._parsing import parse

ENDORSER_TRANSACTION: Final = int(common_pb2.ENDORSER_TRANSACTION)
CONFIG_UPDATE: Final = int(common_pb2.CONFIG_UPDATE)
CONFIG: Final = int(common_pb2.CONFIG)


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


def envelope(content: bytes) -> tuple[bytes, bytes]:
    """Payload and signature of an envelope."""
    parsed = parse(common_pb2.Envelope, content)
    return parsed.payload, parsed.signature


def payload(content: bytes) -> tuple[Header | None, bytes]:
    """Header and data of a payload."""
    parsed = parse(common_pb2.Payload, content)
    header = parsed.header
    found = Header(header.channel_header, header.signature_header) if parsed.HasField("header") else None
    return found, parsed.data


def channel_header(content: bytes) -> ChannelHeader:
    parsed = parse(common_pb2.ChannelHeader, content)
    stamp = parsed.timestamp
    timestamp = stamp.seconds * 1_000_000_000 + stamp.nanos if parsed.HasField("timestamp") else None
    return ChannelHeader(
        parsed.type, parsed.channel_id, parsed.tx_id, parsed.epoch, timestamp, parsed.extension
    )


def signature_header(content: bytes) -> SignatureHeader:
    parsed = parse(common_pb2.SignatureHeader, content)
    return SignatureHeader(parsed.creator, parsed.nonce)


def serialized_identity(content: bytes) -> tuple[str, bytes]:
    """MSP ID and certificate (PEM) of a ``msp.SerializedIdentity``."""
    parsed = parse(identities_pb2.SerializedIdentity, content)
    return parsed.mspid, parsed.id_bytes


def identity_bytes(msp_id: str, certificate_pem: bytes) -> bytes:
    return identities_pb2.SerializedIdentity(mspid=msp_id, id_bytes=certificate_pem).SerializeToString()


def actions(content: bytes) -> list[tuple[bytes, bytes]]:
    """Header and payload of each action of a ``protos.Transaction``."""
    return [(action.header, action.payload) for action in parse(transaction_pb2.Transaction, content).actions]


def endorsed(content: bytes) -> Endorsed:
    """A ``protos.ChaincodeActionPayload``."""
    parsed = parse(transaction_pb2.ChaincodeActionPayload, content)
    action = parsed.action
    return Endorsed(
        parsed.chaincode_proposal_payload,
        action.proposal_response_payload,
        tuple([(entry.endorser, entry.signature) for entry in action.endorsements]),
    )


def response(content: bytes) -> tuple[bytes, bytes]:
    """Proposal hash and extension of a ``protos.ProposalResponsePayload``."""
    parsed = parse(proposal_response_pb2.ProposalResponsePayload, content)
    return parsed.proposal_hash, parsed.extension


def action(content: bytes) -> Action:
    """A ``protos.ChaincodeAction``."""
    parsed = parse(proposal_pb2.ChaincodeAction, content)
    name = parsed.chaincode_id
    return Action(
        parsed.results,
        parsed.events,
        (name.name, name.version) if parsed.HasField("chaincode_id") else None,
    )


@lru_cache(maxsize=1_000)
def header_chaincode(content: bytes) -> str | None:
    """Name in a ``protos.ChaincodeHeaderExtension``; None where it names none."""
    parsed = parse(proposal_pb2.ChaincodeHeaderExtension, content)
    return parsed.chaincode_id.name if parsed.HasField("chaincode_id") else None


def event_chaincode(content: bytes) -> str:
    """Name of the chaincode in a ``protos.ChaincodeEvent``."""
    return parse(chaincode_event_pb2.ChaincodeEvent, content).chaincode_id


def endorser_transaction(content: bytes) -> tuple[int, bytes, SignatureHeader, Endorsed, bytes, bytes]:
    """A serialized ``protos.Transaction`` down to what was endorsed, in one go.

    Returns:
        Number of actions; of the first: its header raw and parsed, what was endorsed, hash of the proposal
        and extension of the response. Without any action all else is empty.

    Raises:
        UndecodableError: some part does not parse.
    """
    found = parse(transaction_pb2.Transaction, content).actions
    if not found:
        return 0, b"", SignatureHeader(b"", b""), Endorsed(b"", b"", ()), b"", b""
    first = found[0]
    header = first.header
    signer = parse(common_pb2.SignatureHeader, header)
    parsed = parse(transaction_pb2.ChaincodeActionPayload, first.payload)
    endorsed_action = parsed.action
    payload_ = endorsed_action.proposal_response_payload
    answer = parse(proposal_response_pb2.ProposalResponsePayload, payload_)
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
