"""Waiting for what happens elsewhere and tells nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something has happened on other threads, or in the log."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing there could set an event
            await asyncio.sleep(0.005)
