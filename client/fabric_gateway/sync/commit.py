"""Third step: what became of a submitted transaction."""

from __future__ import annotations

import fabric_gateway
from fabric_gateway import Status
from fabric_gateway.sync._loop import Loop
from fabric_gateway.sync._signable import Signable


class Commit(Signable):
    """Blocking twin of :class:`fabric_gateway.Commit`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.Commit) -> None:
        super().__init__(loop, twin)
        self._commit = twin

    @property
    def transaction_id(self) -> str:
        """See :attr:`fabric_gateway.Commit.transaction_id`."""
        return self._commit.transaction_id

    def status(self, *, timeout: float | None = None) -> Status:
        """See :meth:`fabric_gateway.Commit.status`."""
        return self._loop.run(self._commit.status(timeout=timeout))

    def committed(self, *, timeout: float | None = None) -> Status:
        """See :meth:`fabric_gateway.Commit.committed`."""
        return self._loop.run(self._commit.committed(timeout=timeout))


class SubmittedTransaction(Commit):
    """Blocking twin of :class:`fabric_gateway.SubmittedTransaction`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.SubmittedTransaction) -> None:
        super().__init__(loop, twin)
        self._submitted = twin

    @property
    def result(self) -> bytes:
        """See :attr:`fabric_gateway.SubmittedTransaction.result`."""
        return self._submitted.result
