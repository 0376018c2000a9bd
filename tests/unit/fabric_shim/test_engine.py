"""The engine survives what should not happen: a step, or what follows from it, that raises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from fabric_shim._internal.engine import Engine, Outcome, Step


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


def _raising() -> Outcome:
    raise SystemExit("a secret")


def _then_raising() -> None:
    _raising()


def _raising_afterwards() -> Outcome:
    return _then_raising


@pytest.mark.parametrize("step", [_raising, _raising_afterwards])
async def test_a_step_that_raises_does_not_end_the_engine(
    engine: Engine, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    made = asyncio.Event()

    def following() -> Outcome:
        return lambda: (loop.call_soon_threadsafe(made.set), None)[1]

    engine.post(lambda: engine.submit(step))
    engine.post(lambda: engine.submit(following))
    async with asyncio.timeout(5):
        await made.wait()
    (record,) = [each for each in caplog.records if each.levelno == logging.CRITICAL]
    assert "SystemExit" in record.getMessage()
    assert "a secret" not in record.getMessage()


async def test_uvloop_is_used_where_it_is_installed(engine: Engine) -> None:
    async def module() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert await engine.run(module()) == "uvloop"
