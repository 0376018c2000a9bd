"""First and second step: a proposal, and the endorsed transaction that it becomes."""

from __future__ import annotations

import fabric_gateway
from fabric_gateway.sync._loop import Loop
from fabric_gateway.sync._signable import Signable
from fabric_gateway.sync.commit import SubmittedTransaction


class Transaction(Signable):
    """Blocking twin of :class:`fabric_gateway.Transaction`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.Transaction) -> None:
        super().__init__(loop, twin)
        self._transaction = twin

    @property
    def transaction_id(self) -> str:
        """See :attr:`fabric_gateway.Transaction.transaction_id`."""
        return self._transaction.transaction_id

    @property
    def result(self) -> bytes:
        """See :attr:`fabric_gateway.Transaction.result`."""
        return self._transaction.result

    def submit(self, *, timeout: float | None = None) -> SubmittedTransaction:
        """See :meth:`fabric_gateway.Transaction.submit`."""
        return SubmittedTransaction(self._loop, self._loop.run(self._transaction.submit(timeout=timeout)))


class Proposal(Signable):
    """Blocking twin of :class:`fabric_gateway.Proposal`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.Proposal) -> None:
        super().__init__(loop, twin)
        self._proposal = twin

    @property
    def transaction_id(self) -> str:
        """See :attr:`fabric_gateway.Proposal.transaction_id`."""
        return self._proposal.transaction_id

    def evaluate(self, *, timeout: float | None = None) -> bytes:
        """See :meth:`fabric_gateway.Proposal.evaluate`."""
        return self._loop.run(self._proposal.evaluate(timeout=timeout))

    def endorse(self, *, timeout: float | None = None) -> Transaction:
        """See :meth:`fabric_gateway.Proposal.endorse`."""
        return Transaction(self._loop, self._loop.run(self._proposal.endorse(timeout=timeout)))
