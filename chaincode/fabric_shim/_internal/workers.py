"""Where plain functions run: a bounded number of threads, one function each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
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
        self._started = 0
        self._idle = threading.Semaphore(0)
        self._starting = threading.Lock()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()

    def submit(self, job: Job) -> None:
        """Run a job as soon as a thread is free. It must not raise. May be called from any thread."""
        self._jobs.put(job)
        if self._idle.acquire(blocking=False):
            return
        with self._starting:
            if self._started == self._threads:
                return
            self._started += 1
        threading.Thread(target=self._work, name="chaincode-worker", daemon=True).start()

    def close(self) -> None:
        """Let the threads go as soon as their jobs are done."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            self._idle.release()
        # The other threads wait for the same word.
        self._jobs.put(None)
