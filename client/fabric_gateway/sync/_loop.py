"""The event loop behind blocking calls: one thread, which runs what callers wait for."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import TypeVar

from fabric_gateway.errors import ClosedError, SyncError

_Result = TypeVar("_Result")
_GRACE = 1.0


class Loop:
    """A running event loop in a thread of its own. Any number of threads may wait for its work."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._open = True
        # Of a signal's handler too, which interrupts whoever holds it.
        self._submitting = threading.RLock()
        self._process = os.getpid()
        # A daemon: a gateway that nobody closed must not keep the program from ending.
        self._thread = threading.Thread(target=_serve, args=(self._loop,), name="fabric-gateway", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[object, None, _Result]) -> _Result:
        """Do the work on the loop and wait for its result, or raise what it raised.

        A KeyboardInterrupt (or whatever a signal handler raises) while waiting cancels the work; it is
        raised when that has ended, with the work's last words as its notes.

        Raises:
            SyncError: called on the loop's own thread, which would wait for itself.
            ClosedError: the loop has been closed, or this is a forked process, which has no such thread.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise SyncError(
                "a blocking call was made by code that a blocking call runs; use fabric_gateway there"
            )
        if os.getpid() != self._process:
            work.close()
            raise ClosedError("this gateway was connected before the process forked; connect after it")
        task: asyncio.Task[_Result] | None = None
        outcome: Future[_Result] = Future()

        def start() -> None:
            nonlocal task
            task = self._loop.create_task(work)
            task.add_done_callback(lambda ended: _hand_over(ended, outcome))

        def cancel() -> None:
            if task is not None:
                task.cancel()
            else:  # interrupted before it was handed to the loop
                work.close()
                outcome.cancel()

        try:
            with self._submitting:
                if self._open:
                    self._loop.call_soon_threadsafe(start)
                else:
                    work.close()
                    outcome.set_exception(ClosedError("the gateway is closed; connect again"))
            return outcome.result()
        except asyncio.CancelledError as error:
            raise ClosedError("the gateway was closed while this call waited") from error
        except BaseException as interruption:
            if not outcome.done():
                self._loop.call_soon_threadsafe(cancel)
                wait((outcome,))
                if not outcome.cancelled():
                    for note in getattr(outcome.exception(), "__notes__", ()):
                        interruption.add_note(note)
            raise

    def close(self) -> None:
        """Let the running work end, cut what does not, and end the thread. May be repeated.

        In a forked process it does nothing: thread and connection are the other's.
        """
        if os.getpid() != self._process:
            return
        with self._submitting:
            if not self._open:
                return
            self._open = False
            ending = asyncio.run_coroutine_threadsafe(_end(self._loop), self._loop)
        try:
            ending.result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def __del__(self) -> None:
        """End the thread of a gateway that was dropped without being closed."""
        loop = self._loop
        if self._open and os.getpid() == self._process and not loop.is_closed():
            warnings.warn("a gateway was not closed", ResourceWarning, stacklevel=2)
            loop.call_soon_threadsafe(_abandon, loop)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    loop.create_task(_end(loop)).add_done_callback(lambda _: loop.stop())


async def _end(loop: asyncio.AbstractEventLoop) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, hanging = await asyncio.wait(others, timeout=_GRACE)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def _hand_over(ended: asyncio.Task[_Result], outcome: Future[_Result]) -> None:
    try:
        outcome.set_result(ended.result())
    except BaseException as error:
        outcome.set_exception(error)
