"""Whether a peer is worth asking, from how its last calls ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum

from carechannel.submitting.deadline import Clock


class Health(Enum):
    """What is thought of a peer."""

    CLOSED = "closed"
    """It answers."""
    HALF_OPEN = "half-open"
    """It did not answer for a while; one call may find out whether it does again."""
    OPEN = "open"
    """It does not answer; others are asked first."""


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a peer is left alone.

    Attributes:
        failures: unanswered calls in a row after which the breaker opens.
        open_seconds: how long it stays open before one call may probe the peer.
    """

    failures: int = 3
    open_seconds: float = 5.0


class Breaker:
    """The circuit breaker of one peer. It only orders the peers: where nobody else is left, it is asked."""

    def __init__(self, settings: BreakerSettings, *, clock: Clock = time.monotonic):
        self._settings = settings
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._probing = False

    @property
    def health(self) -> Health:
        """As of now."""
        if self._opened is None:
            return Health.CLOSED
        waited = self._clock() - self._opened >= self._settings.open_seconds
        return Health.HALF_OPEN if waited and not self._probing else Health.OPEN

    def calling(self) -> None:
        """A call to the peer begins."""
        if self.health is Health.HALF_OPEN:
            self._probing = True

    def answered(self) -> None:
        """The peer answered a call, be it with a refusal."""
        self._failures, self._opened, self._probing = 0, None, False

    def did_not_answer(self) -> None:
        """The peer was not reached, or was silent."""
        self._failures += 1
        self._probing = False
        if self._opened is not None or self._failures >= self._settings.failures:
            self._opened = self._clock()

    def gave_up(self) -> None:
        """The call ended without telling anything about the peer, as when its task is cancelled."""
        self._probing = False
