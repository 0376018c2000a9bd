"""Messages of the Gateway service, built from and parsed into plain values.

Protobuf is known in the ``_…messages`` modules only. Message definitions: hyperledger/fabric-protos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2, proposal_response_pb2, transaction_pb2
from google.protobuf import timestamp_pb2
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from fabric_gateway.blocks import ChainInfo
from fabric_gateway.errors import ErrorDetail, ResponseError
from fabric_gateway.identity import Identity

_Parsed = TypeVar("_Parsed")


def _parse(
    parser: Callable[[bytes], _Parsed],
    content: bytes,
    what: str,
    transaction_id: str | None = None,
    *,
    outcome_unknown: bool = False,
) -> _Parsed:
    try:
        return parser(content)
    except DecodeError as error:
        raise ResponseError(
            f"the gateway's answer holds no {what}; check that the address is a Fabric peer's",
            transaction_id=transaction_id,
            outcome_unknown=outcome_unknown,
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
    timestamp_ns: int,
    tls_certificate_hash: bytes,
) -> bytes:
    """``protos.Proposal`` of an endorser transaction; ``timestamp_ns`` counts from 1970 in UTC."""
    chaincode_id = chaincode_pb2.ChaincodeID(name=chaincode)
    seconds, nanos = divmod(timestamp_ns, 1_000_000_000)
    channel_header = common_pb2.ChannelHeader(
        type=common_pb2.ENDORSER_TRANSACTION,
        timestamp=timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos),
        channel_id=channel,
        tx_id=transaction_id,
        extension=proposal_pb2.ChaincodeHeaderExtension(chaincode_id=chaincode_id).SerializeToString(),
        tls_cert_hash=tls_certificate_hash,
    )
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=common_pb2.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
    )
    invocation = chaincode_pb2.ChaincodeInvocationSpec(
        chaincode_spec=chaincode_pb2.ChaincodeSpec(
            type=chaincode_pb2.ChaincodeSpec.GOLANG,
            chaincode_id=chaincode_id,
            input=chaincode_pb2.ChaincodeInput(args=arguments),
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


def evaluate_result(response: bytes, transaction_id: str) -> bytes:
    parsed = _parse(gateway_pb2.EvaluateResponse.FromString, response, "evaluate response", transaction_id)
    return parsed.result.payload


def endorse_request(
    channel: str, transaction_id: str, proposal: bytes, signature: bytes, organizations: Iterable[str]
) -> bytes:
    return gateway_pb2.EndorseRequest(
        transaction_id=transaction_id,
        channel_id=channel,
        proposed_transaction=proposal_pb2.SignedProposal(proposal_bytes=proposal, signature=signature),
        endorsing_organizations=organizations,
    ).SerializeToString()


def endorsed_payload(response: bytes, proposal: bytes, transaction_id: str) -> tuple[bytes, bytes]:
    """The payload of the prepared transaction, which the client signs, and the function's result in it.

    It is put together from the proposal, and only the endorsed action is the gateway's. Signed as it came, a
    payload could be anything that its reader and this one take for different messages: a configuration
    update, or another proposal, which peers then answer as if this identity had asked.

    Args:
        response: the gateway's.
        proposal: ``protos.Proposal``, as it was sent.
        transaction_id: the proposal's.

    Raises:
        ResponseError: it is no transaction, or another one: the identity must not sign that.
    """
    parsed = _parse(gateway_pb2.EndorseResponse.FromString, response, "endorse response", transaction_id)
    given = parsed.prepared_transaction.payload
    prepared = _parse(transaction_in, given, "endorsed transaction", transaction_id)
    proposed = proposal_pb2.Proposal.FromString(proposal)
    header = common_pb2.Header.FromString(proposed.header)
    invocation = proposal_pb2.ChaincodeProposalPayload.FromString(proposed.payload).input
    # Parts that are left out say nothing else than was proposed.
    for part, mine in (
        (prepared.channel_header, header.channel_header),
        (prepared.signature_header, header.signature_header),
        (prepared.invocation, invocation),
    ):
        if part not in (b"", mine):
            raise ResponseError(
                "the gateway's answer holds another transaction than was proposed; do not trust this gateway",
                transaction_id=transaction_id,
            )
    content = transaction_pb2.ChaincodeActionPayload(
        chaincode_proposal_payload=proposal_pb2.ChaincodeProposalPayload(
            input=invocation
        ).SerializeToString(),
        action=transaction_pb2.ChaincodeEndorsedAction.FromString(prepared.action),
    )
    action = transaction_pb2.TransactionAction(
        header=header.signature_header, payload=content.SerializeToString()
    )
    payload = common_pb2.Payload(
        header=header, data=transaction_pb2.Transaction(actions=[action]).SerializeToString()
    )
    return payload.SerializeToString(), prepared.result


class PreparedContent(NamedTuple):
    """What a prepared transaction's payload says; its parts as they are serialized in it."""

    channel_header: bytes
    signature_header: bytes
    invocation: bytes
    action: bytes
    result: bytes


def transaction_in(payload: bytes) -> PreparedContent:
    """Read ``common.Payload`` of an endorser transaction; DecodeError for anything else."""
    envelope = common_pb2.Payload.FromString(payload)
    transaction = transaction_pb2.Transaction.FromString(envelope.data)
    if len(transaction.actions) != 1:
        raise DecodeError("a transaction has exactly one action")
    content = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload)
    proposed = proposal_pb2.ChaincodeProposalPayload.FromString(content.chaincode_proposal_payload)
    endorsed = content.action.proposal_response_payload
    response = proposal_response_pb2.ProposalResponsePayload.FromString(endorsed)
    return PreparedContent(
        envelope.header.channel_header,
        envelope.header.signature_header,
        proposed.input,
        content.action.SerializeToString(),
        proposal_pb2.ChaincodeAction.FromString(response.extension).response.payload,
    )


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


def commit_status(response: bytes, transaction_id: str) -> tuple[int, int]:
    """Validation code and block number."""
    parsed = _parse(
        gateway_pb2.CommitStatusResponse.FromString,
        response,
        "commit status",
        transaction_id,
        outcome_unknown=True,
    )
    return int(parsed.result), parsed.block_number


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
