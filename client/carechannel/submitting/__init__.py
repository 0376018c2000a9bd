"""Submitting so that nothing is applied twice and no acknowledged write is lost.

Knows Fabric's gateway, knows no health: any application on `fabric_gateway` can use it.

from carechannel.submitting import ConnectedPeer, FileRecords, Idempotency, Submitter

records = FileRecords(Path("submissions"))
submitter = Submitter(
    [ConnectedPeer("peer0", gateway0), ConnectedPeer("peer1", gateway1)],
    channel="mychannel",
    chaincode="basic",
    signer=signer,
    idempotency=Idempotency(records, records.fingerprint_key),
)
submitted = await submitter.submit("CreateAsset", arguments=["a1", "blue"], idempotency_key="order-4711")
"""

from carechannel.submitting.breaker import BreakerSettings
from carechannel.submitting.deadline import Deadline
from carechannel.submitting.errors import (
    ClaimLostError,
    DeadlineError,
    KeyBusyError,
    KeyReusedError,
    OutcomeUnknownError,
    RecordsError,
)
from carechannel.submitting.execution import Submitted
from carechannel.submitting.file_records import FileRecords
from carechannel.submitting.limits import Limits
from carechannel.submitting.observer import Observer
from carechannel.submitting.peers import ConnectedPeer, GatewayPeer, PeerHealth
from carechannel.submitting.reasons import RETRIED, Reason, reason_of
from carechannel.submitting.records import Records
from carechannel.submitting.retry import Retry
from carechannel.submitting.submitter import Idempotency, Submitter

__all__ = [
    "RETRIED",
    "BreakerSettings",
    "ClaimLostError",
    "ConnectedPeer",
    "Deadline",
    "DeadlineError",
    "FileRecords",
    "GatewayPeer",
    "Idempotency",
    "KeyBusyError",
    "KeyReusedError",
    "Limits",
    "Observer",
    "OutcomeUnknownError",
    "PeerHealth",
    "Reason",
    "Records",
    "RecordsError",
    "Retry",
    "Submitted",
    "Submitter",
    "reason_of",
]
