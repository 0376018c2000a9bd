"""Runs commands to their end, side by side where that helps, and can call them all off."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from fabric_network.commands import Command

TIMEOUT = 120.0

T = TypeVar("T")


class CalledOffError(Exception):
    """The work was called off while it was going on; nothing is wrong with it."""


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    status: int
    output: str
    errors: str

    @property
    def reason(self) -> str:
        """The last line that says something, for a message."""
        lines = [line.strip() for line in (self.output + "\n" + self.errors).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {self.status}"


class Executor:
    """Runs commands from any thread; `cancel` kills those under way and lets none start again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._cancelled = threading.Event()

    def check(self) -> None:
        """Raise `CalledOffError` once the work is called off; for long work that is no command."""
        if self._cancelled.is_set():
            raise CalledOffError

    def run(self, command: Command, timeout: float = TIMEOUT) -> Outcome:
        """The outcome, also when it failed or took longer than `timeout` seconds. Raises `CalledOffError`."""
        process = self._start(command)
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Outcome(-1, "", f"{command.words} gave no answer within {timeout:.0f} seconds")
        finally:
            with self._lock:
                self._running.discard(process)
        self.check()
        return Outcome(process.returncode, output, errors)

    def together(self, tasks: Iterable[Callable[[], T]]) -> list[T]:
        """Run `tasks` in threads, and give their results in order; an interrupt calls all of them off."""
        work = list(tasks)
        with ThreadPoolExecutor(max_workers=max(len(work), 1)) as pool:
            try:
                return [done.result() for done in [pool.submit(task) for task in work]]
            except KeyboardInterrupt:
                self.cancel()
                raise

    def cancel(self) -> None:
        with self._lock:
            self._cancelled.set()
            for process in self._running:
                process.kill()

    def _start(self, command: Command) -> subprocess.Popen[str]:
        with self._lock:
            self.check()
            process = subprocess.Popen(
                command.argv,
                env={**os.environ, **command.environment},
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
            return process
