"""A contract of a chaincode: its functions are evaluated (read) or submitted (written)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fabric_gateway import _arguments
from fabric_gateway._session import Session
from fabric_gateway.commit import SubmittedTransaction
from fabric_gateway.proposal import Proposal

Argument = str | bytes


class Contract:
    """Made by :meth:`Network.contract`.

    ``evaluate_transaction`` and ``submit_transaction`` are the short forms of ``evaluate`` and ``submit``;
    those are the short forms of the flow that begins with ``new_proposal``.
    """

    def __init__(self, session: Session, channel: str, chaincode: str, name: str | None) -> None:
        self._session = session
        self._channel = channel
        self._chaincode = chaincode
        self._name = name

    @property
    def chaincode(self) -> str:
        """The chaincode's name."""
        return self._chaincode

    @property
    def name(self) -> str | None:
        """The contract's name within the chaincode; None for the default contract."""
        return self._name

    async def evaluate_transaction(self, function: str, *arguments: Argument) -> bytes:
        """``evaluate(function, arguments=arguments)``; raises the same."""
        return await self.evaluate(function, arguments=arguments)

    async def submit_transaction(self, function: str, *arguments: Argument) -> bytes:
        """``submit(function, arguments=arguments)``; raises the same."""
        return await self.submit(function, arguments=arguments)

    def new_proposal(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """A proposal to call ``function``, with its transaction id, not sent yet.

        Args:
            function: name of the function, without the contract's.
            arguments: they lie in clear on every member's ledger once submitted.
            transient: content for the endorsing peers only; not part of the transaction.
            endorsing_organizations: MSP IDs whose peers are asked, and no others, for an evaluate too. Name
                them whenever there is transient content; without them the gateway chooses.

        Raises:
            ArgumentError: one of these has the wrong type, for instance one str in place of a list.
        """
        function = _arguments.text(function, "the function's name")
        qualified = f"{self._name}:{function}" if self._name else function
        return Proposal.new(
            self._session,
            channel=self._channel,
            chaincode=self._chaincode,
            arguments=[qualified.encode(), *_arguments.chaincode_arguments(arguments)],
            transient=_arguments.transient(transient),
            endorsing_organizations=_arguments.organizations(endorsing_organizations),
        )

    async def evaluate(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
        timeout: float | None = None,  # noqa: ASYNC109 - becomes gRPC's deadline
    ) -> bytes:
        """Call a function at one peer and return its result; nothing is written.

        The same as ``new_proposal(...).evaluate(timeout=timeout)``; of the other arguments see there too.

        Raises:
            EvaluateError: the chaincode refused, or no peer could answer.
            ResponseError, NoSignerError: as with :meth:`Proposal.evaluate`.
            ArgumentError: as with :meth:`new_proposal`.
        """
        proposal = self.new_proposal(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
        )
        return await proposal.evaluate(timeout=timeout)

    async def submit(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> bytes:
        """Call a function, wait until its writes are committed as valid, return its result.

        The same as ``new_proposal(...).endorse()``, ``.submit()``, ``.committed()``.

        Raises:
            EndorseError: the chaincode refused, or endorsements are missing; nothing was written.
            SubmitError: the orderers did not confirm; see its ``outcome_unknown``.
            CommitStatusError: the outcome is unknown; ask :meth:`Network.commit` with its ``transaction_id``.
            CommitError: in a block, but not valid; nothing was written.
            ResponseError: an answer is not one of the gateway's; see its ``outcome_unknown``.
            NoSignerError: the gateway has no signer; nothing was sent.
            ArgumentError: as with :meth:`new_proposal`.
        """
        submitted = await self.submit_async(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
        )
        await submitted.committed()
        return submitted.result

    async def submit_async(
        self,
        function: str,
        *,
        arguments: Sequence[Argument] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> SubmittedTransaction:
        """As :meth:`submit`, but return as soon as the orderers have the transaction.

        Its ``result`` counts only once its ``status()`` is successful.

        Raises:
            EndorseError, SubmitError, ResponseError, NoSignerError, ArgumentError: as with :meth:`submit`.
        """
        proposal = self.new_proposal(
            function,
            arguments=arguments,
            transient=transient,
            endorsing_organizations=endorsing_organizations,
        )
        transaction = await proposal.endorse()
        return await transaction.submit()
