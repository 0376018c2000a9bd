"""Third step: what became of a submitted transaction."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_gateway import _messages, _signable_messages
from fabric_gateway._session import Session
from fabric_gateway._signable import Signable
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
        """Whether it is VALID."""
        return self.code is ValidationCode.VALID


class Commit(Signable):
    """A transaction that may be committed; made by :meth:`Network.commit`.

    From bytes it is made by :meth:`Gateway.new_signed_commit`.
    """

    _recreated_by = "Gateway.new_signed_commit"

    def __init__(self, session: Session, transaction_id: str, request: bytes, signature: bytes = b"") -> None:
        super().__init__(session, request, signature)
        self._transaction_id = transaction_id

    @staticmethod
    def new(session: Session, channel: str, transaction_id: str) -> Commit:
        """Unsigned; callers have :meth:`Network.commit`."""
        request = _messages.commit_status_request(channel, transaction_id, session.creator)
        return Commit(session, transaction_id, request)

    @staticmethod
    def from_bytes(session: Session, content: bytes, signature: bytes | None = None) -> Commit:
        """Re-create one from its ``bytes``; a signature given takes the place of that in the bytes."""
        asked = _signable_messages.read_commit_status_request(content)
        return Commit(
            session,
            asked.transaction_id,
            asked.request,
            asked.signature if signature is None else signature,
        )

    @property
    def transaction_id(self) -> str:
        """Hexadecimal."""
        return self._transaction_id

    async def status(self, *, timeout: float | None = None) -> Status:  # noqa: ASYNC109 - becomes gRPC's deadline
        """Wait until the gateway's peer has committed the block with this transaction.

        Answers at once when it has already. May be called again.

        Args:
            timeout: seconds, in place of ``Timeouts.commit_status``.

        Raises:
            CommitStatusError: no answer in time; the outcome is still unknown.
            ResponseError: the answer is not one of the gateway's; the outcome is still unknown.
            NoSignerError: it is not signed, and the gateway has no signer.
        """
        session = self._session
        response = await session.transport.unary(
            COMMIT_STATUS,
            _messages.signed_commit_status_request(self._message, await self._signed()),
            timeout=session.timeouts.commit_status if timeout is None else timeout,
            transaction_id=self._transaction_id,
        )
        code, block_number = _messages.commit_status(response, self._transaction_id)
        return Status(self._transaction_id, ValidationCode(code), block_number)

    async def committed(self, *, timeout: float | None = None) -> Status:  # noqa: ASYNC109 - as above
        """As :meth:`status`, for who needs the transaction to be valid.

        Raises:
            CommitError: in a block, but not valid; nothing was written.
            CommitStatusError, ResponseError, NoSignerError: as with :meth:`status`.
        """
        status = await self.status(timeout=timeout)
        if not status.successful:
            raise CommitError(
                transaction_id=status.transaction_id,
                validation_code=status.code,
                block_number=status.block_number,
            )
        return status

    def _serialized(self) -> bytes:
        return _messages.signed_commit_status_request(self._message, self._signature)


class SubmittedTransaction(Commit):
    """A transaction that the orderers have; made by :meth:`Transaction.submit`."""

    def __init__(self, session: Session, channel: str, transaction_id: str, result: bytes) -> None:
        request = _messages.commit_status_request(channel, transaction_id, session.creator)
        super().__init__(session, transaction_id, request)
        self._result = result

    @property
    def result(self) -> bytes:
        """What the function returned to the endorsers; counts only if ``status()`` is successful."""
        return self._result
