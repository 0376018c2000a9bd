"""Third step: what became of a submitted transaction."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_gateway import _messages
from fabric_gateway._session import Session
from fabric_gateway._steps import COMMIT_STATUS
from fabric_gateway.errors import CommitError
from fabric_gateway.validation import ValidationCode


@dataclass(frozen=True, slots=True)
class Status:
    """Where a transaction lies and whether it is valid.

    Attributes:
        transaction_id: hexadecimal.
        code: the validation code; only VALID transactions changed anything.
        block_number: the block that holds it.
    """

    transaction_id: str
    code: ValidationCode
    block_number: int

    @property
    def successful(self) -> bool:
        return self.code is ValidationCode.VALID


class Commit:
    """A transaction that may be committed; made by :meth:`Network.commit`."""

    def __init__(self, session: Session, channel: str, transaction_id: str) -> None:
        self._session = session
        self._channel = channel
        self._transaction_id = transaction_id

    @property
    def transaction_id(self) -> str:
        return self._transaction_id

    async def status(self, *, timeout: float | None = None) -> Status:  # noqa: ASYNC109 - becomes gRPC's deadline
        """Wait until the gateway's peer has committed the block with this transaction.

        Answers at once when it has already. May be called again.

        Args:
            timeout: seconds, in place of ``Timeouts.commit_status``.

        Raises:
            CommitStatusError: no answer in time; the outcome is still unknown.
        """
        request = _messages.commit_status_request(self._channel, self._transaction_id, self._session.creator)
        signature = await self._session.sign(request)
        response = await self._session.transport.unary(
            COMMIT_STATUS,
            _messages.signed_commit_status_request(request, signature),
            timeout=self._session.timeouts.commit_status if timeout is None else timeout,
            transaction_id=self._transaction_id,
        )
        code, block_number = _messages.commit_status(response)
        return Status(self._transaction_id, ValidationCode(code), block_number)

    async def committed(self, *, timeout: float | None = None) -> Status:  # noqa: ASYNC109 - as above
        """As :meth:`status`, for who needs the transaction to be valid.

        Raises:
            CommitError: in a block, but not valid; nothing was written.
            CommitStatusError: no answer in time; the outcome is still unknown.
        """
        status = await self.status(timeout=timeout)
        if not status.successful:
            raise CommitError(
                transaction_id=status.transaction_id,
                validation_code=status.code,
                block_number=status.block_number,
            )
        return status


class SubmittedTransaction(Commit):
    """A transaction that the orderers have; made by :meth:`Transaction.submit`."""

    def __init__(self, session: Session, channel: str, transaction_id: str, result: bytes) -> None:
        super().__init__(session, channel, transaction_id)
        self._result = result

    @property
    def result(self) -> bytes:
        """What the function returned to the endorsers; counts only if ``status()`` is successful."""
        return self._result
