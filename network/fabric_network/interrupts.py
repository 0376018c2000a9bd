"""Moments in which Ctrl-C (or SIGTERM, SIGHUP) has to wait, and work that it cancels."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


@contextmanager
def deferred() -> Iterator[None]:
    """Hold interrupts back until the block is left, then raise `KeyboardInterrupt` if there was one."""
    with _told(lambda: None):
        yield


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on an event loop of its own; an interrupt cancels it, then `KeyboardInterrupt` is raised.

    An exception out of a signal handler could come up inside of gRPC's callbacks, or of an import, and get
    lost there.
    """
    interrupted = False
    cancel: Callable[[], object] | None = None

    def on_interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        if cancel is not None:
            cancel()

    async def cancellable() -> T:
        nonlocal cancel
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
        cancel = lambda: loop.call_soon_threadsafe(task.cancel)  # noqa: E731
        try:
            if interrupted:
                task.cancel()
            return await task
        finally:
            cancel = None

    with _told(on_interrupt):
        try:
            return asyncio.run(cancellable())
        except asyncio.CancelledError:
            if interrupted:
                raise KeyboardInterrupt from None
            raise


@contextmanager
def _told(on_interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `on_interrupt` in place of what interrupts do, which comes when the block is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending = False

    def remember(_number: int, _frame: FrameType | None) -> None:
        nonlocal pending
        pending = True
        on_interrupt()

    before = {number: signal.signal(number, remember) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if pending:
        raise KeyboardInterrupt
