"""Private keys of requests and what follows on them: each by the request's transaction id, which is
public.
"""

from typing import Final

from care_rules.keys import Key

REQUEST: Final = "request"
PATIENT_REQUEST: Final = "patient-request"
OPEN_REQUEST: Final = "open-request"
DECISION: Final = "decision"
ANSWER: Final = "answer"
RECEIPT: Final = "receipt"


def request_key(request_id: str) -> Key:
    """Where a request lies."""
    return REQUEST, (request_id,)


def all_requests() -> Key:
    """The prefix of all requests."""
    return REQUEST, ()


def patient_request_key(tag: str, request_id: str) -> Key:
    """Where the index of a patient's requests points to one."""
    return PATIENT_REQUEST, (tag, request_id)


def requests_about(tag: str) -> Key:
    """The prefix of a patient's index."""
    return PATIENT_REQUEST, (tag,)


def open_request_key(request_id: str) -> Key:
    """Where a request is marked as not answered yet."""
    return OPEN_REQUEST, (request_id,)


def open_requests() -> Key:
    """The prefix of all such marks."""
    return OPEN_REQUEST, ()


def decision_key(request_id: str) -> Key:
    """Where the decision on a request lies."""
    return DECISION, (request_id,)


def answer_key(request_id: str) -> Key:
    """Where the answer to a request lies."""
    return ANSWER, (request_id,)


def receipt_key(request_id: str, transaction_id: str) -> Key:
    """Where one receipt for an answer lies."""
    return RECEIPT, (request_id, transaction_id)


def receipts_of(request_id: str) -> Key:
    """The prefix of all receipts for an answer."""
    return RECEIPT, (request_id,)
