"""Second step: an endorsed transaction, which orderers put into a block."""

from __future__ import annotations

import asyncio
from typing import Self

from fabric_gateway import _messages, _signable_messages
from fabric_gateway._session import Session
from fabric_gateway._signable import Signable
from fabric_gateway._steps import SUBMIT
from fabric_gateway.commit import SubmittedTransaction


class Transaction(Signable):
    """Made by :meth:`Proposal.endorse`; from bytes by :meth:`Gateway.new_signed_transaction`.

    Nothing is written unless it is submitted.
    """

    _recreated_by = "Gateway.new_signed_transaction"

    def __init__(
        self,
        session: Session,
        *,
        channel: str,
        transaction_id: str,
        payload: bytes,
        result: bytes,
        signature: bytes = b"",
    ) -> None:
        super().__init__(session, payload, signature)
        self._channel = channel
        self._transaction_id = transaction_id
        self._result = result

    @classmethod
    def from_bytes(cls, session: Session, content: bytes, signature: bytes | None = None) -> Self:
        """Re-create one from its ``bytes``; a signature given takes the place of that in the bytes."""
        prepared = _signable_messages.read_prepared_transaction(content)
        return cls(
            session,
            channel=prepared.channel,
            transaction_id=prepared.transaction_id,
            payload=prepared.payload,
            result=prepared.result,
            signature=prepared.signature if signature is None else signature,
        )

    @property
    def transaction_id(self) -> str:
        """As the proposal's."""
        return self._transaction_id

    @property
    def result(self) -> bytes:
        """What the function returned to the endorsers; it counts once the transaction is VALID."""
        return self._result

    async def submit(self, *, timeout: float | None = None) -> SubmittedTransaction:  # noqa: ASYNC109 - becomes gRPC's deadline
        """Hand the transaction to the orderers.

        A task cancelled in here leaves the outcome unknown; its CancelledError carries a note that says so.

        Args:
            timeout: seconds, in place of ``Timeouts.submit``.

        Raises:
            SubmitError: the orderers did not confirm; see its ``outcome_unknown``.
            NoSignerError: it is not signed, and the gateway has no signer. Nothing was sent.
        """
        request = _messages.submit_request(
            self._channel, self._transaction_id, self._message, await self._signed()
        )
        session = self._session
        # Made before anything is sent: afterwards nothing here can fail.
        submitted = SubmittedTransaction(session, self._channel, self._transaction_id, self._result)
        try:
            await session.transport.unary(
                SUBMIT,
                request,
                timeout=session.timeouts.submit if timeout is None else timeout,
                transaction_id=self._transaction_id,
            )
        except asyncio.CancelledError as cancelled:
            cancelled.add_note(f"the outcome of transaction {self._transaction_id} is unknown")
            raise
        return submitted

    def _serialized(self) -> bytes:
        return _signable_messages.prepared_transaction(self._transaction_id, self._message, self._signature)
