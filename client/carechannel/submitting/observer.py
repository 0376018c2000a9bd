"""What a submitter tells about its work: metrics and spans are observers of it.

Nothing here carries an argument, a result, transient content, an idempotency key or an error's text, so no
observer can pass one on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

_log = logging.getLogger(__name__)

OTHER_FUNCTION: Final = "other"
"""The label of functions that the application did not name when it made its submitter."""

Kind = Literal["submit", "evaluate"]
Step = Literal["claim", "endorse", "submit", "commit-status", "read-block", "evaluate"]
Outcome = Literal["committed", "replayed", "evaluated", "failed", "unknown", "cancelled"]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of an application; no two are equal.

    Attributes:
        kind: what was called.
        channel: the channel's name.
        chaincode: the chaincode's name.
        function: a name that the application gave as one that may be shown, else `OTHER_FUNCTION`.
    """

    kind: Kind
    channel: str
    chaincode: str
    function: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended.

    Attributes:
        outcome: ``replayed``: the same idempotency key had been committed before.
        code: the `Reason` of a failure, ``deadline``, ``error``, or empty.
        attempts: how many transactions were proposed for it, or how often it was evaluated.
        seconds: from its begin.
        transaction_id: hexadecimal, where there is one.
    """

    outcome: Outcome
    code: str
    attempts: int
    seconds: float
    transaction_id: str | None = None


class Observer(Protocol):
    """Is told what happens, on the event loop: it must not block."""

    def call_began(self, call: Call, /) -> None:
        """An application called."""

    def step_began(self, call: Call, step: Step, /) -> None:
        """A step of a call begins; a call has one step at a time."""

    def step_ended(self, call: Call, step: Step, code: str, seconds: float, /) -> None:
        """The step ended: ``ok``, a `Reason`, ``cancelled``, or ``error``."""

    def call_ended(self, call: Call, ended: Ended, /) -> None:
        """The call ended."""


class Observers:
    """Several observers as one. One that raises is logged by the error's type and stops nothing."""

    def __init__(self, observers: Sequence[Observer] = ()):
        self._observers = tuple(observers)

    def call_began(self, call: Call) -> None:
        self._tell(lambda observer: observer.call_began(call))

    def step_began(self, call: Call, step: Step) -> None:
        self._tell(lambda observer: observer.step_began(call, step))

    def step_ended(self, call: Call, step: Step, code: str, seconds: float) -> None:
        self._tell(lambda observer: observer.step_ended(call, step, code, seconds))

    def call_ended(self, call: Call, ended: Ended) -> None:
        self._tell(lambda observer: observer.call_ended(call, ended))

    def _tell(self, what: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                what(observer)
            except Exception as error:
                _log.error("An observer (%s) failed: %s", type(observer).__name__, type(error).__name__)
