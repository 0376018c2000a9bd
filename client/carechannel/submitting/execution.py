"""Does what the course of a submission asks for, and tells it what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from fabric_gateway import (
    ClosedError,
    CommitError,
    FabricGatewayError,
    Gateway,
    GatewayError,
    Network,
    ResponseError,
    SignableError,
    Signer,
    StatusCode,
    Transaction,
    ValidationCode,
)

from carechannel.submitting.calls import Calls
from carechannel.submitting.course import Course, own_code
from carechannel.submitting.errors import ClaimLostError, RecordsError
from carechannel.submitting.fingerprint import Request
from carechannel.submitting.limits import Limits
from carechannel.submitting.moves import (
    Action,
    Ask,
    Done,
    Ending,
    Endorse,
    Event,
    Found,
    Keep,
    Pause,
    ReadBlock,
    Refused,
    Submit,
    Succeeded,
    Unanswered,
)
from carechannel.submitting.observer import Step
from carechannel.submitting.reasons import ELSEWHERE, reason_of
from carechannel.submitting.records import Claim, Envelope, Record, State
from carechannel.submitting.retry import Retry

_log = logging.getLogger(__name__)
_GRACE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Submitted:
    """A valid transaction.

    Attributes:
        result: what the function returned to its endorsers.
        transaction_id: hexadecimal.
        block_number: the block that holds it.
        attempts: how many transactions were proposed for it in this call; 0: an earlier call's was found.
    """

    result: bytes = field(repr=False)
    transaction_id: str
    block_number: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Habits:
    """How one submitter goes about all its calls."""

    signer: Signer
    retry: Retry
    limits: Limits
    sleep: Callable[[float], Awaitable[None]]
    draw: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Endorsed:
    """An envelope and the result that its endorsers agreed on."""

    envelope: Envelope
    result: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What belongs to a call with an idempotency key."""

    claim: Claim
    fingerprint: bytes


class Execution:
    """One submission from its first step, or from where an earlier call left it, to its end."""

    def __init__(
        self,
        calls: Calls,
        habits: Habits,
        request: Request,
        *,
        peers: int,
        claimed: Claimed | None,
        earlier: Endorsed | None,
    ):
        self._calls = calls
        self._habits = habits
        self._request = request
        self._claimed = claimed
        self._endorsed = earlier
        self._block_number: int | None = None
        self._course = Course(attempts=habits.retry.attempts, peers=peers, resumed=earlier is not None)

    async def run(self) -> Submitted:
        """Raises as `Submitter.submit`, and ClaimLostError where another caller has taken over."""
        action: Action = self._course.first
        while not isinstance(action, Done):
            event = None if self._calls.deadline.passed else await self._perform(action)
            if event is None:
                return await self._end(self._course.time_up(), timely=False)
            action = self._course.after(event)
        return await self._end(action, timely=True)

    async def _perform(self, action: Action) -> Event | None:
        """What came of an action; None: the gateways were closed, nothing more can be done."""
        match action:
            case Endorse():
                return await self._endorse()
            case Keep():
                await self._save(State.SENT)
                return Succeeded()
            case Submit():
                return await self._submit()
            case Ask():
                return await self._ask(action)
            case ReadBlock():
                return await self._read_block()
            case Pause(failures):
                pause = self._habits.retry.pause(failures, self._habits.draw)
                # Half of what is left at most, so that another try has its chance.
                await self._habits.sleep(min(pause, self._calls.deadline.left() / 2))
                return Succeeded()
            case Done():
                raise AssertionError("there is nothing left to perform")

    async def _endorse(self) -> Event:
        self._calls.attempts += 1
        request = self._request

        async def work(gateway: Gateway, seconds: float) -> Endorsed:
            contract = gateway.network(request.channel).contract(request.chaincode, request.contract)
            proposal = contract.new_proposal(
                request.function,
                arguments=request.arguments,
                transient=dict(request.transient),
                endorsing_organizations=request.endorsing_organizations,
            )
            transaction = await proposal.endorse(timeout=seconds)
            signature = await self._habits.signer(transaction.digest)
            envelope = Envelope(transaction.transaction_id, transaction.bytes, signature)
            return Endorsed(envelope, transaction.result)

        try:
            self._endorsed = await self._calls.at_a_peer("endorse", self._habits.limits.endorse, work)
        except FabricGatewayError as error:
            reason = reason_of(error)
            if reason in ELSEWHERE:
                self._calls.avoid_current("endorse")
            return Refused(reason)
        self._calls.transaction_id = self._endorsed.envelope.transaction_id
        return Succeeded()

    async def _submit(self) -> Event:
        async def work(gateway: Gateway, seconds: float) -> None:
            await _transaction(gateway, self._kept().envelope).submit(timeout=seconds)

        try:
            await self._calls.at_a_peer("submit", self._habits.limits.submit, work)
        except FabricGatewayError as error:
            self._calls.avoid_current("submit")
            return Refused(reason_of(error)) if _was_not_sent(error) else Unanswered()
        except Exception:
            return self._went_wrong("submit")
        return Succeeded()

    async def _ask(self, ask: Ask) -> Event | None:
        envelope, limits = self._kept().envelope, self._habits.limits
        limit = limits.commit_status
        if not ask.expected:
            limit = min(limit, limits.settle * 2.0 ** min(ask.round, 32))

        async def work(gateway: Gateway, seconds: float) -> tuple[ValidationCode, int]:
            status = await self._network(gateway).commit(envelope.transaction_id).status(timeout=seconds)
            return status.code, status.block_number

        try:
            code, number = await self._calls.at_a_peer("commit-status", limit, work)
        except ClosedError:
            return None
        except Exception:
            return self._went_wrong("commit-status")
        if code is ValidationCode.DUPLICATE_TXID:
            self._calls.avoid_current("commit-status")
        return self._found((code,), number)

    async def _read_block(self) -> Event | None:
        envelope = self._kept().envelope

        async def work(gateway: Gateway, _seconds: float) -> tuple[tuple[ValidationCode, ...], int]:
            block = await self._network(gateway).block_by_transaction_id(envelope.transaction_id)
            ours = [one for one in block.transactions if one.transaction_id == envelope.transaction_id]
            return tuple(one.validation_code for one in ours), block.number

        try:
            codes, number = await self._calls.at_a_peer("read-block", self._habits.limits.evaluate, work)
        except ClosedError:
            return None
        except Exception:
            return self._went_wrong("commit-status")
        return self._found(codes, number)

    def _went_wrong(self, step: Step) -> Unanswered:
        """What a step came to after which the envelope may be out there: nobody knows, another peer may.

        Be it the application's signer or a profile that names a peer wrongly. If nobody else answers in
        time, it is the cause of the error that says so.
        """
        self._calls.avoid_current(step)
        return Unanswered()

    def _found(self, codes: tuple[ValidationCode, ...], number: int) -> Found:
        self._block_number = number
        if ValidationCode.VALID not in codes:
            self._calls.error = CommitError(
                transaction_id=self._kept().envelope.transaction_id,
                validation_code=own_code(codes),
                block_number=number,
            )
        return Found(codes)

    async def _end(self, done: Done, *, timely: bool) -> Submitted:
        match done.ending:
            case Ending.COMMITTED:
                return await self._committed()
            case Ending.UNKNOWN:
                raise self._calls.unknown(self._kept().envelope.transaction_id) from self._calls.error
            case Ending.FAILED:
                if done.dead:
                    await self._bury()
                if timely and self._calls.error is not None:
                    raise self._calls.error
                raise self._calls.too_late() from self._calls.error

    async def _committed(self) -> Submitted:
        envelope, number = self._kept().envelope, self._block_number
        if number is None:
            raise AssertionError("a valid transaction lies in a block")
        try:
            await self._save(State.COMMITTED)
        except (RecordsError, ClaimLostError) as error:
            # The ledger has it, which is what counts: the next call with this key asks there and finds it.
            _log.warning("The commit of %s was not noted: %s", envelope.transaction_id, error.code)
        return Submitted(self._kept().result, envelope.transaction_id, number, self._calls.attempts)

    async def _bury(self) -> None:
        try:
            await self._save(State.DEAD)
        except RecordsError as error:
            # The next call with this key finds it out again, by asking and by submitting this envelope.
            _log.warning("The failure of %s was not noted: %s", self._calls.transaction_id, error.code)

    async def _save(self, state: State) -> None:
        if self._claimed is None:
            return
        number = self._block_number if state is State.COMMITTED else None
        record = Record(self._claimed.fingerprint, self._kept().envelope, state, number)
        try:
            async with asyncio.timeout(self._calls.deadline.left() + _GRACE):
                await self._claimed.claim.save(record)
        except TimeoutError as error:
            raise RecordsError(
                "The submission could not be written down in time; check the store of submissions."
            ) from error

    def _network(self, gateway: Gateway) -> Network:
        return gateway.network(self._request.channel)

    def _kept(self) -> Endorsed:
        if self._endorsed is None:
            raise AssertionError("nothing is sent or asked for before it was endorsed")
        return self._endorsed


def endorsed_of(gateway: Gateway, envelope: Envelope) -> Endorsed:
    """An envelope that was written down, checked against its record.

    Raises:
        RecordsError: it is not the transaction that its record names.
    """
    try:
        transaction = _transaction(gateway, envelope)
    except SignableError as error:
        raise damaged(envelope) from error
    if transaction.transaction_id != envelope.transaction_id:
        raise damaged(envelope)
    return Endorsed(envelope, transaction.result)


def _transaction(gateway: Gateway, envelope: Envelope) -> Transaction:
    return gateway.new_signed_transaction(envelope.transaction, envelope.signature)


def damaged(envelope: Envelope) -> RecordsError:
    """The error that a record's parts do not belong together."""
    return RecordsError(
        f"The submission record of {envelope.transaction_id} is damaged: its parts do not fit; restore it "
        "from a backup."
    )


def _was_not_sent(error: FabricGatewayError) -> bool:
    """Whether a failed Submit has certainly not handed the transaction to an orderer."""
    if isinstance(error, ResponseError):
        return False
    if not isinstance(error, GatewayError):
        return True
    # An HTTP/2 proxy or server may end a call that it has passed on with what gRPC reads as this one.
    return not error.outcome_unknown and error.code is not StatusCode.RESOURCE_EXHAUSTED
