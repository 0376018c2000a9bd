"""One step of the story, with its time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from carechannel.errors import StoryError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, what came of it, and how long it took in seconds."""

    title: str
    outcome: str
    seconds: float


class Steps:
    """The steps so far; each is told as soon as it is done."""

    def __init__(self, tell: Callable[[int, Step], None]):
        self._tell = tell
        self.done: list[Step] = []

    async def take(self, title: str, action: Callable[[], Awaitable[tuple[T, str]]]) -> T:
        """Does a step: the action gives its result and one line about it."""
        start = time.perf_counter()
        result, outcome = await action()
        step = Step(title, outcome, time.perf_counter() - start)
        self.done.append(step)
        self._tell(len(self.done), step)
        return result


def insist(holds: bool, otherwise: str) -> None:
    """Ends the story when something is not as it must be.

    Raises:
        StoryError: `holds` is false.
    """
    if not holds:
        raise StoryError(f"{otherwise}, which must not be; see the status and logs of the network.")
