"""Lines that tell what is going on, each with the time since the start."""

from __future__ import annotations

import time
from collections.abc import Callable


class Progress:
    """Call it with a few words; `say` gets the finished line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def __call__(self, words: str) -> None:
        self._say(f"{self.elapsed:6.1f} s  {words}")
