"""One call's way through the peers: which is asked, for how long, and what is told about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from fabric_gateway import (
    CommitStatusError,
    EndorseError,
    EvaluateError,
    FabricGatewayError,
    Gateway,
    GatewayError,
    StatusCode,
    SubmitError,
)

from carechannel.submitting.deadline import Deadline
from carechannel.submitting.errors import DeadlineError, OutcomeUnknownError
from carechannel.submitting.observer import Call, Observer, Step
from carechannel.submitting.peers import GatewayPeer, PeerSet
from carechannel.submitting.reasons import is_unreachable, reason_of

_Given = TypeVar("_Given")
_ERRORS: Final[dict[Step, type[GatewayError]]] = {
    "evaluate": EvaluateError,
    "endorse": EndorseError,
    "submit": SubmitError,
    "commit-status": CommitStatusError,
    "read-block": EvaluateError,
}
# The gateway's own limit goes first: it knows what it waited for. This one ends what it does not cover,
# such as a signer that hangs.
_GRACE: Final = 0.1


class Calls:
    """Calls the peers for one call of the application.

    Attributes:
        spent: seconds used up so far, by step.
        step: the step that was begun last.
        error: the last failure.
        attempts: how many transactions were proposed, or how often it was evaluated.
        transaction_id: of the last one that was endorsed.
    """

    def __init__(self, peers: PeerSet, deadline: Deadline, observer: Observer, call: Call):
        self._peers = peers
        self._observer = observer
        self._avoided: dict[Step, set[str]] = {}
        self._current: str | None = None
        self.deadline = deadline
        self.call = call
        self.spent: dict[str, float] = {}
        self.step: Step = "claim"
        self.error: Exception | None = None
        self.attempts = 0
        self.transaction_id: str | None = None

    async def at_a_peer(
        self, step: Step, limit: float, work: Callable[[Gateway, float], Awaitable[_Given]]
    ) -> _Given:
        """Does `work` at the best peer, within `limit` and the deadline.

        Raises:
            FabricGatewayError: as `work`; where it took too long, the step's with DEADLINE_EXCEEDED.
            Exception: what a signer of the application's raises, or a peer that cannot be connected to.
        """
        peer = self._peers.best(avoid=self._avoided.get(step, ()), current=self._current)
        seconds = self.deadline.limit(limit)
        with self.timed(step):
            given = await self._at(peer, step, seconds, work)
        self._current = peer.name
        return given

    def avoid_current(self, step: Step) -> None:
        """Leaves the peer that was asked last out of this step, until all have been left out."""
        if self._current is not None:
            avoided = self._avoided.setdefault(step, set())
            avoided.add(self._current)
            if len(avoided) >= len(self._peers):
                avoided.clear()
        self._current = None

    def too_late(self) -> DeadlineError:
        """The deadline passed, and nothing was written."""
        return DeadlineError(f"Nothing was written: {self._account()}.", step=self.step, spent=self.spent)

    def unknown(self, transaction_id: str) -> OutcomeUnknownError:
        """The deadline passed, or the gateways were closed, and the transaction may be valid."""
        return OutcomeUnknownError(
            f"Whether the transaction was committed is not known: {self._account()}. Call again with the "
            "same idempotency key, or ask for the transaction, before doing it anew.",
            transaction_id=transaction_id,
            step=self.step,
            spent=self.spent,
        )

    @contextmanager
    def timed(self, step: Step) -> Iterator[None]:
        """Accounts for the time of a step and tells the observer."""
        self.step = step
        before = self.deadline.left()
        self._observer.step_began(self.call, step)
        code = "error"
        try:
            yield
            code = "ok"
        except FabricGatewayError as error:
            code = reason_of(error).value
            raise
        except asyncio.CancelledError:
            code = "cancelled"
            raise
        finally:
            seconds = before - self.deadline.left()
            self.spent[step] = self.spent.get(step, 0.0) + seconds
            self._observer.step_ended(self.call, step, code, seconds)

    async def _at(
        self,
        peer: GatewayPeer,
        step: Step,
        seconds: float,
        work: Callable[[Gateway, float], Awaitable[_Given]],
    ) -> _Given:
        breaker = self._peers.breaker(peer)
        breaker.calling()
        self._current = peer.name
        try:
            async with asyncio.timeout(seconds + _GRACE) as overtime:
                given = await work(await peer.gateway(), seconds)
        except FabricGatewayError as error:
            # A peer that waits for a transaction which nobody has seen is well.
            if is_unreachable(error) and not (step == "commit-status" and _is_overtime(error)):
                breaker.did_not_answer()
            else:
                breaker.answered()
            self.error = error
            raise
        except TimeoutError as error:
            breaker.gave_up()
            if not overtime.expired():
                raise
            self.error = _ERRORS[step](
                f"{step} at {peer.name} was not done within {seconds:.3g} s",
                code=StatusCode.DEADLINE_EXCEEDED,
            )
            raise self.error from error
        except Exception as error:
            breaker.gave_up()
            self.error = error
            raise
        except BaseException:
            breaker.gave_up()
            raise
        breaker.answered()
        return given

    def _account(self) -> str:
        passed = f"the deadline of {self.deadline.seconds:g} s passed"
        what = passed if self.deadline.passed else "the gateway was closed"
        spent = ", ".join(f"{step} {seconds:.3g} s" for step, seconds in self.spent.items())
        return f"{what} in the step {self.step} (used up: {spent or 'before any step'})"


def _is_overtime(error: FabricGatewayError) -> bool:
    return isinstance(error, GatewayError) and error.code is StatusCode.DEADLINE_EXCEEDED
