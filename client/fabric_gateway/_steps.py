"""The calls of the Gateway service, and the error that each failing one becomes."""

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
    """One method of ``gateway.Gateway`` (fabric-protos gateway/gateway.proto)."""

    method: str
    error: type[GatewayError]


EVALUATE = Step("/gateway.Gateway/Evaluate", EvaluateError)
ENDORSE = Step("/gateway.Gateway/Endorse", EndorseError)
SUBMIT = Step("/gateway.Gateway/Submit", SubmitError)
COMMIT_STATUS = Step("/gateway.Gateway/CommitStatus", CommitStatusError)
CHAINCODE_EVENTS = Step("/gateway.Gateway/ChaincodeEvents", EventsError)
