"""Second step: an endorsed transaction, which orderers put into a block."""

from __future__ import annotations

import asyncio

from fabric_gateway import _messages
from fabric_gateway._session import Session
from fabric_gateway._steps import SUBMIT
from fabric_gateway.commit import SubmittedTransaction


class Transaction:
    """Made by :meth:`Proposal.endorse`. Nothing is written unless it is submitted."""

    def __init__(self, session: Session, *, channel: str, transaction_id: str, payload: bytes) -> None:
        self._session = session
        self._channel = channel
        self._transaction_id = transaction_id
        self._payload = payload
        self._result = _messages.transaction_result(payload)

    @property
    def transaction_id(self) -> str:
        return self._transaction_id

    @property
    def result(self) -> bytes:
        """What the function returned to the endorsers; it counts once the transaction is VALID."""
        return self._result

    @property
    def digest(self) -> bytes:
        """What the identity's key signs."""
        return self._session.hash(self._payload)

    async def submit(self) -> SubmittedTransaction:
        """Hand the transaction to the orderers.

        A task cancelled in here leaves the outcome unknown; its CancelledError carries a note that says so.

        Raises:
            SubmitError: the orderers did not confirm; see its ``outcome_unknown``.
        """
        signature = await self._session.signer(self.digest)
        request = _messages.submit_request(self._channel, self._transaction_id, self._payload, signature)
        try:
            await self._session.transport.unary(
                SUBMIT,
                request,
                timeout=self._session.timeouts.submit,
                transaction_id=self._transaction_id,
            )
        except asyncio.CancelledError as cancelled:
            cancelled.add_note(f"the outcome of transaction {self._transaction_id} is unknown")
            raise
        return SubmittedTransaction(self._session, self._channel, self._transaction_id, self._result)
