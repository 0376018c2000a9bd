"""Why a step failed, and which reasons are worth another try.

| reason | what the network said | tried again |
|---|---|---|
| CONFLICT | the transaction is in a block as MVCC_READ_CONFLICT or PHANTOM_READ_CONFLICT | new transaction |
| DISAGREEMENT | the endorsers' results differ (``ProposalResponsePayloads do not match``) | new transaction |
| UNAVAILABLE | the gateway peer or a node behind it is not reached, or its chaincode's stream ended | yes |
| BUSY | RESOURCE_EXHAUSTED, or ``too many requests``: a peer's concurrency limit | yes |
| COLD_START | ``no combination of peers`` and its kin: the peers have not met yet after a start | yes |
| TIMEOUT | a step was not answered within its limit | yes |
| REFUSED | the chaincode's own answer | never |
| DENIED | certificate, signature or channel policy | never |
| INVALID | in a block with any other validation code | never |
| OTHER | everything else | never |

The texts are those of Fabric 3.1 (internal/pkg/gateway, internal/peer/node/grpc_limiters.go).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from fabric_gateway import CommitError, FabricGatewayError, GatewayError, StatusCode, ValidationCode


class Reason(StrEnum):
    """Why a step failed."""

    CONFLICT = "conflict"
    DISAGREEMENT = "disagreement"
    UNAVAILABLE = "unavailable"
    BUSY = "busy"
    COLD_START = "cold-start"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    DENIED = "denied"
    INVALID = "invalid"
    OTHER = "other"


RETRIED: Final = frozenset(
    {
        Reason.CONFLICT,
        Reason.DISAGREEMENT,
        Reason.UNAVAILABLE,
        Reason.BUSY,
        Reason.COLD_START,
        Reason.TIMEOUT,
    }
)
"""The reasons after which the same request may succeed."""

ELSEWHERE: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY, Reason.COLD_START, Reason.TIMEOUT})
"""The reasons after which another peer may do better than this one."""

CONFLICTS: Final = frozenset({ValidationCode.MVCC_READ_CONFLICT, ValidationCode.PHANTOM_READ_CONFLICT})
"""Another transaction came in between: the same request, endorsed anew, may be valid."""

_DIFFERENT_RESULTS: Final = ("ProposalResponsePayloads do not match",)
_TOO_MUCH: Final = ("too many requests for",)
_PEERS_HAVE_NOT_MET: Final = (
    "no combination of peers can be derived which satisfy the endorsement policy",
    "failed to select a set of endorsers",
    "failed to find any endorsing peers for org",
    "no peers available to evaluate chaincode",
)
_NODE_IS_AWAY: Final = ("code = Unavailable", "chaincode stream terminated")
_BY_STATUS: Final = {
    StatusCode.UNAVAILABLE: Reason.UNAVAILABLE,
    # Not this caller's own cancellation, which is no reply: a server that is overrun or stops.
    StatusCode.CANCELLED: Reason.UNAVAILABLE,
    StatusCode.RESOURCE_EXHAUSTED: Reason.BUSY,
    StatusCode.DEADLINE_EXCEEDED: Reason.TIMEOUT,
    StatusCode.PERMISSION_DENIED: Reason.DENIED,
    StatusCode.UNAUTHENTICATED: Reason.DENIED,
}


def reason_of(error: FabricGatewayError) -> Reason:
    """The reason that an error of the gateway stands for."""
    if isinstance(error, CommitError):
        return Reason.CONFLICT if error.validation_code in CONFLICTS else Reason.INVALID
    if not isinstance(error, GatewayError):
        return Reason.OTHER
    # First of all: a chaincode's own text is never read as a node's.
    if error.chaincode_status is not None:
        return Reason.REFUSED
    said = "\n".join([error.message, *(detail.message for detail in error.details)])
    for texts, reason in (
        (_DIFFERENT_RESULTS, Reason.DISAGREEMENT),
        (_PEERS_HAVE_NOT_MET, Reason.COLD_START),
        (_TOO_MUCH, Reason.BUSY),
        (_NODE_IS_AWAY, Reason.UNAVAILABLE),
    ):
        if any(text in said for text in texts):
            return reason
    return _BY_STATUS.get(error.code, Reason.OTHER)


def is_unreachable(error: FabricGatewayError) -> bool:
    """Whether the gateway peer itself did not answer, rather than a node behind it."""
    return (
        isinstance(error, GatewayError)
        and error.code in {StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED}
        and not error.details
        and reason_of(error) in {Reason.UNAVAILABLE, Reason.TIMEOUT}
    )
