"""What submitting raises beside the gateway's own errors, which pass through it unchanged."""

from __future__ import annotations

from collections.abc import Mapping

from carechannel import errors


class DeadlineError(errors.NetworkDownError):
    """The call's deadline passed; nothing was written, and nothing that was sent can be written later.

    Attributes:
        step: in which step it passed.
        spent: seconds used up so far, by step.
    """

    code = "deadline-exceeded"

    def __init__(self, message: str, *, step: str, spent: Mapping[str, float]):
        super().__init__(message)
        self.step = step
        self.spent = dict(spent)


class OutcomeUnknownError(errors.OutcomeUnknownError):
    """The deadline passed while the transaction may have been committed, or may still be.

    Call again with the same idempotency key, or ask for ``transaction_id``, before doing it anew.

    Attributes:
        step: in which step the deadline passed.
        spent: seconds used up, by step.
    """

    def __init__(self, message: str, *, transaction_id: str, step: str, spent: Mapping[str, float]):
        super().__init__(message, transaction_id=transaction_id)
        self.step = step
        self.spent = dict(spent)


class KeyReusedError(errors.CareChannelError):
    """The idempotency key was used before with another request."""

    code = "idempotency-key-reused"


class KeyBusyError(errors.CareChannelError):
    """Another caller worked on the same idempotency key until the deadline; call again later."""

    code = "idempotency-key-busy"


class RecordsError(errors.CareChannelError):
    """The records of submissions cannot be read or written, or one of them is damaged."""

    code = "submission-records"


class ClaimLostError(errors.CareChannelError):
    """This caller was stopped for so long that another one took over the same idempotency key."""

    code = "idempotency-claim-lost"
