"""What a peer says in place of a block (``common.Status``, Fabric common/deliver/deliver.go)."""

from __future__ import annotations

from fabric_gateway.errors import EventsError, StatusCode

_SENTENCES = {
    400: (
        "BAD_REQUEST",
        StatusCode.INVALID_ARGUMENT,
        "check that this machine's clock agrees with the peer's, that a request signed earlier is not older "
        "than the peer's time window (15 minutes by default), and that the TLS client certificate is the one "
        "given to connect",
    ),
    403: (
        "FORBIDDEN",
        StatusCode.PERMISSION_DENIED,
        "check that certificate, key and MSP ID belong together, and that the channel's ACL for event/Block "
        "or event/FilteredBlock lets this identity read",
    ),
    404: (
        "NOT_FOUND",
        StatusCode.NOT_FOUND,
        "it has not joined the channel, or its chain ends before the start block",
    ),
    413: ("REQUEST_ENTITY_TOO_LARGE", StatusCode.RESOURCE_EXHAUSTED, "the request is too large"),
    500: ("INTERNAL_SERVER_ERROR", StatusCode.INTERNAL, "see the peer's log"),
    501: ("NOT_IMPLEMENTED", StatusCode.UNIMPLEMENTED, "it cannot do that"),
    503: ("SERVICE_UNAVAILABLE", StatusCode.UNAVAILABLE, "it cannot read its ledger now; try again later"),
}
_SUCCESS = 200


def refusal(status: int) -> EventsError:
    """The error for a status that a peer sent where a block is due."""
    if status == _SUCCESS:
        return EventsError("the peer ended the stream of events (SUCCESS)", code=StatusCode.UNAVAILABLE)
    if status not in _SENTENCES:
        return EventsError(f"the peer refuses the events with status {status}", code=StatusCode.UNKNOWN)
    name, code, advice = _SENTENCES[status]
    return EventsError(f"the peer refuses the events ({name}): {advice}", code=code)
