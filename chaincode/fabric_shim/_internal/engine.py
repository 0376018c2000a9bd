"""Where a server's work is done: one event loop, handed to another thread when contract code blocks."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Final, TypeVar

from fabric_shim.logs import places

_log = logging.getLogger(__name__)

T = TypeVar("T")

Outcome = Callable[[], None]
Step = Callable[[], Outcome]

PATIENCE_SECONDS: Final = 0.02
HURRY_SECONDS: Final = 0.005
MAX_BLOCKED: Final = 128


class _Seat:
    """The right to run the loop; one thread has it."""


class Engine:
    """An event loop of its own for the streams, and the steps of contract coroutines between its turns.

    The thread that runs the loop also makes the steps, so that a message costs no change of threads. While
    it makes them the loop does not run, therefore contract code sees none. When a step takes longer than
    20 ms, another thread goes on with the loop and with the steps that wait, as Go's scheduler does when a
    goroutine sits in a system call; the blocked thread leaves when its step returns. So a contract that
    sleeps or computes for long costs a thread, not the other transactions' time. No more than
    ``MAX_BLOCKED`` threads are given up in this way; beyond that everything waits.

    Whatever is not a step runs with the loop or right after a step, on the thread that has the seat: the
    state of streams and transactions needs no locks.
    """

    def __init__(self) -> None:
        self._loop = _new_loop()
        self._steps: deque[Step] = deque()
        self._seat = _Seat()
        self._changing = threading.Lock()
        self._in_step = False
        self._begun = 0
        self._blocked = 0
        self._leaving = False
        self._closed = False
        self._watched = False
        self._watch = threading.Semaphore(0)
        self._start(self._serve, self._seat)
        self._start(self._guard)

    async def run(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run a coroutine on the engine's loop, from a coroutine of any other loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def post(self, callback: Outcome) -> None:
        """Run a callback with the loop soon. May be called from any thread; dropped after :meth:`close`."""
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            _log.debug("Dropped a late outcome: the server has stopped")

    def submit(self, step: Step) -> None:
        """Make a step soon. What it returns runs afterwards with the seat. To be called with the loop or in
        an outcome.

        Neither is expected to raise; if one does, that is logged and the others go on.
        """
        self._steps.append(step)
        self._leave()

    def close(self) -> None:
        """End the loop. A thread that is blocked in a step is left behind; it ends when its step returns."""
        self._closed = True
        self._watch.release()
        self.post(self._leave)

    def _leave(self) -> None:
        if not self._leaving:
            self._leaving = True
            self._loop.stop()

    @staticmethod
    def _start(target: Callable[..., None], *args: object) -> None:
        threading.Thread(target=target, args=args, name="chaincode-engine", daemon=True).start()

    def _serve(self, seat: _Seat) -> None:
        while not self._closed:
            if self._steps:
                self._leave()
            self._loop.run_forever()
            self._leaving = False
            # Those of this turn; before what follows from them the loop has its turn again.
            for _ in range(len(self._steps)):
                outcome = self._make(self._steps.popleft())
                with self._changing:
                    if self._seat is not seat:
                        self._blocked -= 1
                        self.post(outcome)
                        return
                    self._in_step = False
                self._follow(outcome)
        self._end()

    def _end(self) -> None:
        """Close the loop as :func:`asyncio.run` does: what still runs on it is cancelled first."""
        # No step is made any more, so none may stop the loop.
        self._leaving = True
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(_finished(tasks))
        self._loop.close()

    def _make(self, step: Step) -> Outcome:
        self._begun += 1
        self._in_step = True
        if not self._watched:
            self._watched = True
            self._watch.release()
        try:
            return step()
        except BaseException as error:
            return partial(_report, error)

    @staticmethod
    def _follow(outcome: Outcome) -> None:
        try:
            outcome()
        except BaseException as error:
            _report(error)

    def _guard(self) -> None:
        """Look after the thread that makes steps, as long as there are any."""
        while not self._closed:
            begun = self._begun
            time.sleep(HURRY_SECONDS if self._blocked else PATIENCE_SECONDS)
            if self._begun != begun:
                continue
            with self._changing:
                if self._in_step and self._begun == begun and self._blocked < MAX_BLOCKED:
                    self._take_over()
            if not self._in_step:
                self._watched = False
                # A step that began before it could see that is watched without being asked for.
                if not self._in_step:
                    self._watch.acquire()

    def _take_over(self) -> None:
        self._blocked += 1
        self._in_step = False
        self._seat = _Seat()
        self._start(self._serve, self._seat)
        if self._blocked == MAX_BLOCKED:
            _log.warning("%d contract functions block their threads; transactions wait now", MAX_BLOCKED)


def _new_loop() -> asyncio.AbstractEventLoop:
    """Make uvloop's event loop where it is installed (the extra ``speed``), else asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _report(error: BaseException) -> None:
    _log.critical(
        "The engine met %s at %s; a transaction stays without an answer",
        type(error).__qualname__,
        places(error),
    )


async def _finished(tasks: Iterable[asyncio.Task[object]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
