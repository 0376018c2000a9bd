"""How long to wait before connecting again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times between attempts to reconnect: doubling, with half of each left to chance.

    Attributes:
        first: seconds before the second attempt.
        longest: seconds that no wait exceeds.
    """

    first: float = 0.1
    longest: float = 5.0

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (at least 1)."""
        limit = min(self.longest, self.first * 2.0 ** min(failures - 1, 32))
        return limit * (1 - random.random() / 2)  # noqa: S311 - spreads load, keeps no secret
