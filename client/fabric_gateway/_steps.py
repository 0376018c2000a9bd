"""The calls of a gateway peer, and the error that each failing one becomes."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_gateway.errors import (
    CommitStatusError,
    EndorseError,
    EvaluateError,
    EventsError,
    GatewayError,
    SubmitError,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One method of ``gateway.Gateway`` or ``protos.Deliver`` (fabric-protos gateway/gateway.proto,
    peer/events.proto)."""

    method: str
    error: type[GatewayError]


EVALUATE = Step("/gateway.Gateway/Evaluate", EvaluateError)
ENDORSE = Step("/gateway.Gateway/Endorse", EndorseError)
SUBMIT = Step("/gateway.Gateway/Submit", SubmitError)
COMMIT_STATUS = Step("/gateway.Gateway/CommitStatus", CommitStatusError)
CHAINCODE_EVENTS = Step("/gateway.Gateway/ChaincodeEvents", EventsError)
DELIVER = Step("/protos.Deliver/Deliver", EventsError)
DELIVER_FILTERED = Step("/protos.Deliver/DeliverFiltered", EventsError)
DELIVER_WITH_PRIVATE_DATA = Step("/protos.Deliver/DeliverWithPrivateData", EventsError)
