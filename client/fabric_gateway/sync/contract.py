"""A contract of a chaincode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import fabric_gateway
from fabric_gateway.contract import Argument
from fabric_gateway.sync._loop import Loop
from fabric_gateway.sync.commit import SubmittedTransaction
from fabric_gateway.sync.transaction import Proposal


class Contract:
    """Blocking twin of :class:`fabric_gateway.Contract`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.Contract) -> None:
        self._loop = loop
        self._contract = twin

    @property
    def chaincode(self) -> str:
        """See :attr:`fabric_gateway.Contract.chaincode`."""
        return self._contract.chaincode

    @property
    def name(self) -> str | None:
        """See :attr:`fabric_gateway.Contract.name`."""
        return self._contract.name

    def evaluate_transaction(self, function: str, *arguments: Argument) -> bytes:
        """See :meth:`fabric_gateway.Contract.evaluate_transaction`."""
        return self._loop.run(self._contract.evaluate_transaction(function, *arguments))

    def submit_transaction(self, function: str, *arguments: Argument) -> bytes:
        """See :meth:`fabric_gateway.Contract.submit_transaction`."""
        return self._loop.run(self._contract.submit_transaction(function, *arguments))

    def new_proposal(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """See :meth:`fabric_gateway.Contract.new_proposal`."""
        proposal = self._contract.new_proposal(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
        )
        return Proposal(self._loop, proposal)

    def evaluate(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
        timeout: float | None = None,
    ) -> bytes:
        """See :meth:`fabric_gateway.Contract.evaluate`."""
        evaluating = self._contract.evaluate(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
            timeout=timeout,
        )
        return self._loop.run(evaluating)

    def submit(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """See :meth:`fabric_gateway.Contract.submit`."""
        submitting = self._contract.submit(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
        )
        return self._loop.run(submitting)

    def submit_async(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> SubmittedTransaction:
        """See :meth:`fabric_gateway.Contract.submit_async`."""
        submitting = self._contract.submit_async(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
        )
        return SubmittedTransaction(self._loop, self._loop.run(submitting))
