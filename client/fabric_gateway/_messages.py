"""Messages of the Gateway service, built from and parsed into plain values.

Protobuf is known here and in ``_blocks_messages`` only. Message definitions: hyperledger/fabric-protos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from fabric_gateway.blocks import ChainInfo
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint
from fabric_gateway.errors import ErrorDetail, ResponseError
from fabric_gateway.identity import Identity

_Parsed = TypeVar("_Parsed")


def _parse(parser: Callable[[bytes], _Parsed], content: bytes, what: str) -> _Parsed:
    try:
        return parser(content)
    except DecodeError as error:
        raise ResponseError(
            f"the gateway's answer holds no {what}; check that the address is a Fabric peer's"
        ) from error


def serialized_identity(identity: Identity) -> bytes:
    """``msp.SerializedIdentity``: the creator of what this identity signs."""
    return identities_pb2.SerializedIdentity(
        mspid=identity.msp_id, id_bytes=identity.certificate_pem
    ).SerializeToString()


def proposal(
    *,
    channel: str,
    chaincode: str,
    arguments: Iterable[bytes],
    transient: Mapping[str, bytes],
    creator: bytes,
    nonce: bytes,
    transaction_id: str,
    timestamp: datetime,
    tls_certificate_hash: bytes,
) -> bytes:
    """``protos.Proposal`` of an endorser transaction."""
    chaincode_id = chaincode_pb2.ChaincodeID(name=chaincode)
    extension = proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_id)
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.ENDORSER_TRANSACTION,
        channel_id=channel,
        tx_id=transaction_id,
        extension=extension.SerializeToString(),
        tls_cert_hash=tls_certificate_hash,
    )
    channel_header.timestamp.FromDatetime(timestamp)
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
    )
    invocation = chaincode_pb2.ChaincodeInvocationSpec(
        chaincode_spec=chaincode_pb2.ChaincodeSpec(
            chaincode_id=chaincode_id, input=chaincode_pb2.ChaincodeInput(args=arguments)
        )
    )
    payload = proposal_pb2.ChaincodeProposalPayload(
        input=invocation.SerializeToString(), TransientMap=transient
    )
    return proposal_pb2.Proposal(
        header=header.SerializeToString(), payload=payload.SerializeToString()
    ).SerializeToString()


def evaluate_request(
    channel: str, transaction_id: str, proposal: bytes, signature: bytes, organizations: Iterable[str]
) -> bytes:
    return gateway_pb2.EvaluateRequest(
        transaction_id=transaction_id,
        channel_id=channel,
        proposed_transaction=proposal_pb2.SignedProposal(proposal_bytes=proposal, signature=signature),
        target_organizations=organizations,
    ).SerializeToString()


def evaluate_result(response: bytes) -> bytes:
    return _parse(gateway_pb2.EvaluateResponse.FromString, response, "evaluate response").result.payload


def endorse_request(
    channel: str, transaction_id: str, proposal: bytes, signature: bytes, organizations: Iterable[str]
) -> bytes:
    return gateway_pb2.EndorseRequest(
        transaction_id=transaction_id,
        channel_id=channel,
        proposed_transaction=proposal_pb2.SignedProposal(proposal_bytes=proposal, signature=signature),
        endorsing_organizations=organizations,
    ).SerializeToString()


def endorsed_payload(response: bytes) -> bytes:
    """The payload of the prepared transaction: what the client signs."""
    parsed = _parse(gateway_pb2.EndorseResponse.FromString, response, "endorse response")
    return parsed.prepared_transaction.payload


def transaction_result(payload: bytes) -> bytes:
    """What the chaincode returned to the endorsers of a prepared transaction."""
    return _parse(_result_in, payload, "endorsed transaction")


def _result_in(payload: bytes) -> bytes:
    transaction = transaction_pb2.Transaction.FromString(common_pb2.Payload.FromString(payload).data)
    if len(transaction.actions) != 1:
        raise DecodeError("a transaction has exactly one action")
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload).action
    response = proposal_response_pb2.ProposalResponsePayload.FromString(action.proposal_response_payload)
    return proposal_pb2.ChaincodeAction.FromString(response.extension).response.payload


def submit_request(channel: str, transaction_id: str, payload: bytes, signature: bytes) -> bytes:
    return gateway_pb2.SubmitRequest(
        transaction_id=transaction_id,
        channel_id=channel,
        prepared_transaction=common_pb2.Envelope(payload=payload, signature=signature),
    ).SerializeToString()


def commit_status_request(channel: str, transaction_id: str, creator: bytes) -> bytes:
    return gateway_pb2.CommitStatusRequest(
        transaction_id=transaction_id, channel_id=channel, identity=creator
    ).SerializeToString()


def signed_commit_status_request(request: bytes, signature: bytes) -> bytes:
    return gateway_pb2.SignedCommitStatusRequest(request=request, signature=signature).SerializeToString()


def commit_status(response: bytes) -> tuple[int, int]:
    """Validation code and block number."""
    parsed = _parse(gateway_pb2.CommitStatusResponse.FromString, response, "commit status")
    return int(parsed.result), parsed.block_number


def chaincode_events_request(channel: str, chaincode: str, creator: bytes, position: Checkpoint) -> bytes:
    return gateway_pb2.ChaincodeEventsRequest(
        channel_id=channel,
        chaincode_id=chaincode,
        identity=creator,
        start_position=ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=position.block_number)),
        after_transaction_id=position.transaction_id or "",
    ).SerializeToString()


def signed_chaincode_events_request(request: bytes, signature: bytes) -> bytes:
    return gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=signature).SerializeToString()


def chaincode_events(response: bytes) -> list[ChaincodeEvent]:
    """The events of one block."""
    parsed = _parse(gateway_pb2.ChaincodeEventsResponse.FromString, response, "chaincode events")
    return [
        ChaincodeEvent(
            block_number=parsed.block_number,
            transaction_id=event.tx_id,
            chaincode_name=event.chaincode_id,
            event_name=event.event_name,
            payload=event.payload,
        )
        for event in parsed.events
    ]


def chain_info(result: bytes) -> ChainInfo:
    parsed = _parse(ledger_pb2.BlockchainInfo.FromString, result, "chain info")
    return ChainInfo(parsed.height, parsed.currentBlockHash, parsed.previousBlockHash)


def error_details(status: bytes) -> tuple[ErrorDetail, ...]:
    """What each node said, from a serialized ``google.rpc.Status``; details of other types are left out."""
    try:
        parsed = status_pb2.Status.FromString(status)
    except DecodeError:
        return ()  # the status code and text still tell the failure
    details = []
    for packed in parsed.details:
        detail = gateway_pb2.ErrorDetail()
        if packed.Unpack(detail):
            details.append(ErrorDetail(detail.address, detail.msp_id, detail.message))
    return tuple(details)
