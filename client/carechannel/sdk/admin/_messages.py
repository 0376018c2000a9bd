"""Fabric's messages for proposals, transactions and envelopes, from and into plain values.

Message definitions: hyperledger/fabric-protos.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf.message import DecodeError

from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.errors import ConfigurationError, NodeReplyError

NONCE_BYTES = 24
SUCCESS = 200

_Parsed = TypeVar("_Parsed")


def parse(parser: Callable[[bytes], _Parsed], content: bytes, node: str, what: str) -> _Parsed:
    """The message in what `node` answered; raises `NodeReplyError`."""
    try:
        return parser(content)
    except DecodeError as error:
        raise NodeReplyError(
            f"What {node} answers cannot be read as {what}. Is it a Fabric node of this version?"
        ) from error


@dataclass(frozen=True)
class Proposal:
    """A signed proposal; `header` and `payload` are what the transaction repeats of it."""

    transaction_id: str
    channel: str
    signed: bytes
    channel_header: bytes
    signature_header: bytes
    payload: bytes


@dataclass(frozen=True)
class Answer:
    """A peer's answer to a proposal. `endorsed` is what it signed, empty unless it endorsed."""

    status: int
    message: str
    payload: bytes
    endorsed: bytes
    endorsement: bytes


def serialized_identity(administrator: Administrator) -> bytes:
    """The creator of what `administrator` signs."""
    return identities_pb2.SerializedIdentity(
        mspid=administrator.msp_id, id_bytes=administrator.certificate_pem
    ).SerializeToString()


def read_identity(creator: bytes) -> tuple[str, bytes]:
    """MSP ID and certificate (PEM) of a creator; raises `ConfigurationError`."""
    try:
        identity = identities_pb2.SerializedIdentity.FromString(creator)
    except DecodeError as error:
        raise ConfigurationError(
            "The signature does not say who made it (msp.SerializedIdentity)."
        ) from error
    return identity.mspid, identity.id_bytes


def proposal(
    administrator: Administrator,
    channel: str,
    chaincode: str,
    arguments: Sequence[bytes],
    tls_certificate_hash: bytes,
) -> Proposal:
    """A call of a system chaincode; `channel` is empty for what concerns the peer alone."""
    header, transaction_id = _header(
        administrator,
        common_pb2.ENDORSER_TRANSACTION,
        channel,
        tls_certificate_hash,
        proposal_pb2.ChaincodeHeaderExtension(
            chaincode_id=chaincode_pb2.ChaincodeID(name=chaincode)
        ).SerializeToString(),
    )
    invocation = chaincode_pb2.ChaincodeInvocationSpec(
        chaincode_spec=chaincode_pb2.ChaincodeSpec(
            type=chaincode_pb2.ChaincodeSpec.GOLANG,
            chaincode_id=chaincode_pb2.ChaincodeID(name=chaincode),
            input=chaincode_pb2.ChaincodeInput(args=arguments),
        )
    )
    payload = proposal_pb2.ChaincodeProposalPayload(input=invocation.SerializeToString()).SerializeToString()
    unsigned = proposal_pb2.Proposal(header=header.SerializeToString(), payload=payload).SerializeToString()
    signed = proposal_pb2.SignedProposal(proposal_bytes=unsigned, signature=administrator.sign(unsigned))
    return Proposal(
        transaction_id,
        channel,
        signed.SerializeToString(),
        header.channel_header,
        header.signature_header,
        payload,
    )


def answer(content: bytes, node: str) -> Answer:
    """Read a `ProposalResponse`; raises `NodeReplyError` when there is no response in it."""
    response = parse(
        proposal_response_pb2.ProposalResponse.FromString, content, node, "an answer to a proposal"
    )
    if not response.HasField("response") or response.response.status == 0:
        raise NodeReplyError(f"{node} answers a proposal without a status. Is it a Fabric peer?")
    return Answer(
        response.response.status,
        response.response.message,
        response.response.payload,
        response.payload,
        response.endorsement.SerializeToString(),
    )


def transaction(administrator: Administrator, asked: Proposal, answers: Sequence[Answer]) -> bytes:
    """The envelope for the orderer: what the peers, who have to agree, endorsed, and all endorsements."""
    endorsed = transaction_pb2.ChaincodeEndorsedAction(
        proposal_response_payload=answers[0].endorsed,
        endorsements=[proposal_response_pb2.Endorsement.FromString(one.endorsement) for one in answers],
    )
    action = transaction_pb2.TransactionAction(
        header=asked.signature_header,
        payload=transaction_pb2.ChaincodeActionPayload(
            chaincode_proposal_payload=asked.payload, action=endorsed
        ).SerializeToString(),
    )
    payload = common_pb2.Payload(
        header=common_pb2.Header(
            channel_header=asked.channel_header, signature_header=asked.signature_header
        ),
        data=transaction_pb2.Transaction(actions=[action]).SerializeToString(),
    ).SerializeToString()
    return _signed(administrator, payload)


def config_update_transaction(
    administrator: Administrator, channel: str, config_update_envelope: bytes, tls_certificate_hash: bytes
) -> bytes:
    """The envelope for the orderer: a `ConfigUpdateEnvelope` sent by `administrator`."""
    header, _ = _header(administrator, common_pb2.CONFIG_UPDATE, channel, tls_certificate_hash)
    payload = common_pb2.Payload(header=header, data=config_update_envelope).SerializeToString()
    return _signed(administrator, payload)


def seek_request(
    administrator: Administrator, channel: str, number: int, tls_certificate_hash: bytes
) -> bytes:
    """The envelope that asks a Deliver service for block `number`, without waiting for it."""
    header, _ = _header(administrator, common_pb2.DELIVER_SEEK_INFO, channel, tls_certificate_hash)
    position = ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=number))
    seek = ab_pb2.SeekInfo(start=position, stop=position, behavior=ab_pb2.SeekInfo.FAIL_IF_NOT_READY)
    payload = common_pb2.Payload(header=header, data=seek.SerializeToString()).SerializeToString()
    return _signed(administrator, payload)


def delivered_block(content: bytes, node: str) -> tuple[bytes, str]:
    """The block in a `DeliverResponse`, or an empty one and the name of the status it ends with."""
    response = parse(ab_pb2.DeliverResponse.FromString, content, node, "a delivered block")
    if response.HasField("block"):
        return response.block.SerializeToString(), ""
    return b"", status_name(response.status)


def broadcast_status(content: bytes, node: str) -> tuple[str, str]:
    """Status by its name and what the orderer says about it."""
    response = parse(ab_pb2.BroadcastResponse.FromString, content, node, "an orderer's answer")
    return status_name(response.status), response.info


def status_name(status: int) -> str:
    """`SUCCESS`, `FORBIDDEN` …; the number where Fabric has no name for it."""
    known = common_pb2.Status.DESCRIPTOR.values_by_number.get(status)
    return known.name if known is not None else str(status)


def commit_status_request(administrator: Administrator, channel: str, transaction_id: str) -> bytes:
    """Asks the Gateway service of a peer what became of a transaction; it answers once that is decided."""
    request = gateway_pb2.CommitStatusRequest(
        transaction_id=transaction_id, channel_id=channel, identity=serialized_identity(administrator)
    ).SerializeToString()
    return gateway_pb2.SignedCommitStatusRequest(
        request=request, signature=administrator.sign(request)
    ).SerializeToString()


def commit_status(content: bytes, node: str) -> str:
    """The validation code by its name: `VALID`, `MVCC_READ_CONFLICT` …"""
    response = parse(gateway_pb2.CommitStatusResponse.FromString, content, node, "a commit status")
    if response.block_number == 0:
        # VALID is the number 0, so that an empty answer would read as a success.
        raise NodeReplyError(f"{node} tells the status of a transaction without the block that it is in.")
    known = transaction_pb2.TxValidationCode.DESCRIPTOR.values_by_number.get(response.result)
    return known.name if known is not None else str(response.result)


def _header(
    administrator: Administrator,
    kind: common_pb2.HeaderType.ValueType,
    channel: str,
    tls_certificate_hash: bytes,
    extension: bytes = b"",
) -> tuple[common_pb2.Header, str]:
    creator, nonce = serialized_identity(administrator), secrets.token_bytes(NONCE_BYTES)
    transaction_id = hashlib.sha256(nonce + creator).hexdigest()
    channel_header = common_pb2.ChannelHeader(
        type=kind,
        channel_id=channel,
        tx_id=transaction_id,
        extension=extension,
        tls_cert_hash=tls_certificate_hash,
    )
    channel_header.timestamp.FromDatetime(datetime.now(UTC))
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
    )
    return header, transaction_id


def _signed(administrator: Administrator, payload: bytes) -> bytes:
    return common_pb2.Envelope(payload=payload, signature=administrator.sign(payload)).SerializeToString()
