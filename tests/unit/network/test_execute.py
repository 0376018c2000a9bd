"""Running commands to their end, and calling them off."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from fabric_network.commands import Command
from fabric_network.execute import CalledOffError, Executor


def python(program: str, **environment: str) -> Command:
    return Command(Path(sys.executable), ("-c", program), environment)


def test_outcome_of_a_command() -> None:
    program = "import os, sys; print(os.environ['WHO']); print('warning', file=sys.stderr); sys.exit(4)"
    outcome = Executor().run(python(program, WHO="me"))
    assert (outcome.status, outcome.output, outcome.errors) == (4, "me\n", "warning\n")


def test_reason_is_the_last_line_that_says_something() -> None:
    outcome = Executor().run(python("import sys; print('a'); print('b\\n\\n', file=sys.stderr); sys.exit(1)"))
    assert outcome.reason == "b"
    assert Executor().run(python("raise SystemExit(3)")).reason == "exit status 3"


def test_slow_command_ends_with_a_reason() -> None:
    outcome = Executor().run(python("import time; time.sleep(60)"), timeout=0.2)
    assert outcome.status != 0
    assert "gave no answer within" in outcome.reason


def test_words_show_no_values() -> None:
    command = Command(Path("/opt/bin/peer"), ("channel", "join", "--blockpath", "/secret/place"))
    assert command.words == "peer channel join"


def test_tasks_run_together_and_answer_in_order() -> None:
    barrier = threading.Barrier(3, timeout=10)

    def task(number: int) -> int:
        barrier.wait()
        return number

    assert Executor().together([partial(task, number) for number in range(3)]) == [0, 1, 2]
    assert Executor().together([]) == []


def test_failure_of_one_task_is_raised() -> None:
    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Executor().together([lambda: 1, fail])


def test_cancel_kills_what_runs_and_lets_nothing_start() -> None:
    executor = Executor()
    threading.Timer(0.3, executor.cancel).start()
    begin = time.monotonic()
    with pytest.raises(CalledOffError):
        executor.run(python("import time; time.sleep(60)"))
    assert time.monotonic() - begin < 10
    with pytest.raises(CalledOffError):
        executor.run(python("print(1)"))
    with pytest.raises(CalledOffError):
        executor.check()


def test_interrupt_calls_off_all_tasks() -> None:
    executor = Executor()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        executor.together([partial(executor.run, python("import time; time.sleep(60)"))] * 2)
    assert time.monotonic() - begin < 10
