"""Where plain functions run: a bounded number of threads, one function each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

Job = Callable[[], None]

DEFAULT_THREADS: Final = 32


class Workers:
    """Runs jobs that may block; more of them than threads wait in the order of their submission.

    The threads are started as they are needed and do not keep the process alive: one that hangs for ever
    holds up no other job and no exit.
    """

    def __init__(self, threads: int = DEFAULT_THREADS) -> None:
        self._threads = threads
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        # Threads that have a job, or are on their way to one.
        self._active = 0
        self._idle = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run a job as soon as a thread is free. It must not raise. May be called from any thread."""
        with self._changed:
            self._jobs.append(job)
            self._call_in()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let another job run in the place of the calling one, while that waits for other jobs to be done.

        The one that comes back is not held up: for a while more jobs than threads may run.
        """
        with self._changed:
            self._active -= 1
            self._call_in()
        try:
            yield
        finally:
            with self._changed:
                self._active += 1

    def close(self) -> None:
        """Let the threads go as soon as their jobs are done."""
        with self._changed:
            self._closed = True
            self._active += self._idle
            self._idle = 0
            self._changed.notify_all()

    def _call_in(self) -> None:
        if not self._jobs or self._active >= self._threads:
            return
        self._active += 1
        if self._idle:
            self._idle -= 1
            self._changed.notify()
        else:
            threading.Thread(target=self._work, name="chaincode-worker", daemon=True).start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()

    def _next(self) -> Job | None:
        with self._changed:
            while True:
                if self._jobs and self._active <= self._threads:
                    return self._jobs.popleft()
                self._active -= 1
                if self._closed:
                    return None
                self._idle += 1
                # Whoever wakes it counts it as active.
                self._changed.wait()
