"""One limit for a whole call, out of which every step takes its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Self

Clock = Callable[[], float]
"""Seconds that only grow, as ``time.monotonic``."""

_TOO_SHORT_TO_USE: Final = 0.005


class Deadline:
    """The time at which a call has to be over, whatever its steps do.

    Args:
        seconds: from now.
        clock: for tests.

    Raises:
        ValueError: ``seconds`` is not a finite number above zero.
    """

    def __init__(self, seconds: float, *, clock: Clock = time.monotonic):
        if not 0 < seconds < float("inf"):
            raise ValueError("a deadline lies a finite number of seconds ahead, above zero")
        self._clock = clock
        self._end = clock() + seconds
        self.seconds = seconds

    @classmethod
    def after(cls, seconds: float) -> Self:
        """A deadline that many seconds from now."""
        return cls(seconds)

    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - self._clock())

    @property
    def passed(self) -> bool:
        """Whether there is no time left in which anything could be done."""
        return self.left() < _TOO_SHORT_TO_USE

    def limit(self, step: float) -> float:
        """The limit of a step: its own, or what is left if that is less."""
        return min(step, self.left())
