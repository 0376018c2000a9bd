"""A contract of a chaincode: its functions are evaluated (read) or submitted (written)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fabric_gateway._session import Session
from fabric_gateway.commit import SubmittedTransaction
from fabric_gateway.errors import CommitError
from fabric_gateway.proposal import Proposal
from fabric_gateway.validation import ValidationCode


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """A committed, valid transaction.

    Attributes:
        result: what the function returned (it lies on every member's ledger).
        transaction_id: hexadecimal.
        block_number: the block that holds it.
        code: always VALID.
    """

    result: bytes
    transaction_id: str
    block_number: int
    code: ValidationCode


class Contract:
    """Made by :meth:`Network.contract`."""

    def __init__(self, session: Session, channel: str, chaincode: str, name: str | None) -> None:
        self._session = session
        self._channel = channel
        self._chaincode = chaincode
        self._name = name

    @property
    def chaincode(self) -> str:
        return self._chaincode

    @property
    def name(self) -> str | None:
        return self._name

    def proposal(
        self,
        function: str,
        *arguments: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> Proposal:
        """A proposal to call ``function``, with its transaction id, not sent yet.

        Args:
            function: name of the function, without the contract's.
            arguments: they lie in clear on every member's ledger once submitted.
            transient: content for the endorsing peers only; not part of the transaction.
            endorsing_organizations: MSP IDs whose peers are asked, and no others. Name them whenever there is
                transient content; without them the gateway chooses.
        """
        qualified = f"{self._name}:{function}" if self._name else function
        return Proposal.new(
            self._session,
            channel=self._channel,
            chaincode=self._chaincode,
            arguments=(qualified, *arguments),
            transient=transient or {},
            endorsing_organizations=tuple(endorsing_organizations),
        )

    async def evaluate(
        self,
        function: str,
        *arguments: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        target_organizations: Sequence[str] = (),
    ) -> bytes:
        """Call a function at one peer and return its result; nothing is written.

        The same as ``proposal(...).evaluate()``.

        Raises:
            EvaluateError: the chaincode refused, or no peer could answer.
        """
        proposal = self.proposal(
            function, *arguments, transient=transient, endorsing_organizations=target_organizations
        )
        return await proposal.evaluate()

    async def submit(
        self,
        function: str,
        *arguments: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> SubmitResult:
        """Call a function, have its writes ordered and wait until they are committed as valid.

        The same as ``proposal(...).endorse()``, ``.submit()``, ``.status()``.

        Raises:
            EndorseError: the chaincode refused, or endorsements are missing; nothing was written.
            SubmitError: the orderers did not confirm; see its ``outcome_unknown``.
            CommitStatusError: the outcome is unknown; ask :meth:`Network.commit` with its ``transaction_id``.
            CommitError: in a block, but not valid; nothing was written.
        """
        submitted = await self.submit_async(
            function, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
        )
        status = await submitted.status()
        if not status.successful:
            raise CommitError(
                transaction_id=status.transaction_id,
                validation_code=status.code,
                block_number=status.block_number,
            )
        return SubmitResult(submitted.result, status.transaction_id, status.block_number, status.code)

    async def submit_async(
        self,
        function: str,
        *arguments: str | bytes,
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
    ) -> SubmittedTransaction:
        """As :meth:`submit`, but return as soon as the orderers have the transaction.

        Its ``result`` counts only once its ``status()`` is successful.

        Raises:
            EndorseError, SubmitError: as with :meth:`submit`.
        """
        proposal = self.proposal(
            function, *arguments, transient=transient, endorsing_organizations=endorsing_organizations
        )
        transaction = await proposal.endorse()
        return await transaction.submit()
