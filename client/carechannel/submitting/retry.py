"""How often something is tried, and how long to wait in between."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off with full jitter: each pause is drawn evenly between zero and its bound.

    Attributes:
        attempts: how many times a request is tried at most, the first time included.
        first_pause: bound of the first pause, in seconds; each further bound is twice the one before.
        longest_pause: no bound is above it, in seconds.
    """

    attempts: int = 8
    first_pause: float = 0.1
    longest_pause: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.first_pause <= self.longest_pause < float("inf"):
            raise ValueError("at least one attempt, and finite pauses, the first not above the longest")

    def pause(self, failures: int, draw: Callable[[], float] = random.random) -> float:
        """Seconds to wait after so many failures in a row (from 1); `draw` gives a number in [0, 1)."""
        # Beyond 2**32 the bound has long been reached; a float would overflow later on.
        bound = self.first_pause * 2.0 ** min(failures - 1, 32)
        return min(bound, self.longest_pause) * draw()
