"""Contract coroutines without an event loop, and the threads that the runtime hands them to."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time

import pytest
from fabric_shim import Chaincode, ChaincodeStub, Response
from fabric_shim._internal.engine import Engine
from fabric_shim._internal.steps import Blocking, run_to_end
from fabric_shim._internal.workers import Workers
from fabric_shim.errors import AwaitError

from tests.waiting import eventually


def test_a_coroutine_runs_to_its_end() -> None:
    async def inner() -> int:
        return 1

    async def outer() -> int:
        return await inner() + 1

    assert run_to_end(outer()) == 2


def test_what_it_raises_is_raised() -> None:
    async def failing() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        run_to_end(failing())


async def test_awaiting_something_else_is_an_error_inside_a_running_loop_too() -> None:
    async def sleeping() -> str:
        try:
            await asyncio.sleep(1)
        except AwaitError as error:
            return str(error)
        return "slept"

    assert "awaited _asyncio.Future" in run_to_end(sleeping())


def test_plain_functions_run_inline() -> None:
    async def value() -> str:
        return "value"

    async def calling() -> str:
        with pytest.raises(ZeroDivisionError):
            await Blocking(lambda _run: 1 // 0)
        return await Blocking(lambda run: run(value()))

    assert run_to_end(calling()) == "value"


def test_the_label_of_a_bare_chaincode() -> None:
    class Bare(Chaincode):
        async def invoke(self, stub: ChaincodeStub) -> Response:
            return Response.success()

    assert Bare().function_label(None) == "invoke"  # type: ignore[arg-type]


async def test_the_engine_goes_on_behind_a_step_that_blocks() -> None:
    engine = Engine()
    release, made = threading.Event(), []

    def blocking() -> object:
        release.wait(10)
        return lambda: made.append("blocked one")

    def quick() -> object:
        return lambda: made.append("quick one")

    async def submit() -> None:
        engine.submit(blocking)  # type: ignore[arg-type]
        engine.submit(quick)  # type: ignore[arg-type]

    try:
        await engine.run(submit())
        await eventually(lambda: made == ["quick one"])
        release.set()
        await eventually(lambda: made == ["quick one", "blocked one"])
    finally:
        release.set()
        engine.close()


async def test_an_idle_engine_uses_no_time() -> None:
    engine = Engine()
    ran: list[int] = []

    async def submit() -> None:
        engine.submit(lambda: lambda: ran.append(1))

    await engine.run(submit())
    await eventually(lambda: ran == [1])
    await asyncio.sleep(0.1)
    before = time.process_time()
    await asyncio.sleep(0.5)
    assert time.process_time() - before < 0.05
    # and it still works
    await engine.run(submit())
    await eventually(lambda: ran == [1, 1])
    engine.close()


async def test_a_closed_engine_drops_what_comes_late() -> None:
    engine = Engine()
    threads = threading.active_count()
    engine.close()
    await eventually(lambda: threading.active_count() <= threads - 2)
    engine.post(lambda: None)


async def test_workers_are_reused_and_leave() -> None:
    workers = Workers(threads=4)
    threads = threading.active_count()
    done: list[int] = []
    for number in range(20):
        workers.submit(lambda number=number: done.append(number))  # type: ignore[misc]
        await eventually(lambda number=number: number in done)  # type: ignore[misc]
    assert threading.active_count() <= threads + 2
    workers.close()
    await eventually(lambda: threading.active_count() <= threads)


class Counting(Chaincode):
    """Has a state of its own, which no chaincode should have."""

    def __init__(self, start: int, *, step: int = 1) -> None:
        self.count, self.step = start, step

    async def invoke(self, stub: ChaincodeStub) -> Response:
        self.count += self.step
        return Response.success()


def test_a_copy_of_a_chaincode_is_a_fresh_one() -> None:
    chaincode = Counting(1, step=2)
    chaincode.count = 7
    copy = pickle.loads(pickle.dumps(chaincode))
    assert (copy.count, copy.step) == (1, 2)
