"""Processes killed (SIGKILL) at every point between the steps; whoever comes next finishes their work."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from carechannel.submitting.sql_records import TABLE, SqlRecords
from fabric_gateway import ValidationCode
from grpc.aio import ServicerContext
from sqlalchemy.ext.asyncio import create_async_engine

from tests.unit.carechannel.submitting import child
from tests.unit.carechannel.submitting.gateways import Chain, FakePeer, Proceed, Trouble, serving
from tests.unit.fabric_gateway.people import Credentials

ROOT = Path(__file__).parents[4]
CONFLICT = ValidationCode.MVCC_READ_CONFLICT


@dataclass
class Site:
    chain: Chain
    peers: list[FakePeer]
    told: dict[str, Any]
    running: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, die: str = "") -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            child.__name__,
            json.dumps(self.told | {"die": die}),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.running.append(process)
        return process

    def kills(self, *, before: bool) -> Trouble:
        """The caller is killed when a step arrives, or when it is done, before the reply leaves."""

        async def trouble(_context: ServicerContext, proceed: Proceed) -> None:
            if not before:
                await proceed()
            self.running[-1].kill()
            await self.running[-1].wait()

        return trouble


@pytest.fixture
async def site(credentials: Credentials, tmp_path: Path) -> AsyncIterator[Site]:
    chain = Chain()
    peers = [FakePeer(f"peer{number}", chain) for number in range(2)]
    async with AsyncExitStack() as stack:
        told = {
            "addresses": [await stack.enter_async_context(serving(peer)) for peer in peers],
            "certificate": credentials.certificate_pem.decode(),
            "key": credentials.key_pem.decode(),
            "store": str(tmp_path / "records"),
        }
        yield Site(chain, peers, told)


@pytest.fixture
async def shared(site: Site, database: str) -> Site:
    """The same with its records in PostgreSQL."""
    engine = create_async_engine(database)
    await SqlRecords(engine).create_table()
    async with engine.begin() as connection:
        await connection.execute(TABLE.delete())
    await engine.dispose()
    site.told["store"] = database
    return site


async def finished(process: asyncio.subprocess.Process) -> dict[str, Any]:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    told: dict[str, Any] = json.loads(out)
    return told


async def killed(process: asyncio.subprocess.Process) -> None:
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL, err.decode()


IN_THE_CALLER = ["claimed", "before-save-1", "after-save-1", "before-save-2", "after-save-2", "freed"]
AT_THE_PEER = [(step, before) for step in ("endorse", "submit", "status") for before in (True, False)]


@pytest.mark.parametrize("place", IN_THE_CALLER)
async def test_killed_between_steps(site: Site, place: str) -> None:
    await killed(await site.start(die=place))
    await _the_next_one_finishes(site)


@pytest.mark.parametrize(("step", "before"), AT_THE_PEER)
async def test_killed_during_a_step(site: Site, step: str, before: bool) -> None:
    site.peers[0].script(step, site.kills(before=before))
    await killed(await site.start())
    await _the_next_one_finishes(site)


@pytest.mark.parametrize("place", ["before-save-2", "after-save-2"])
async def test_killed_around_the_second_transaction_after_a_conflict(site: Site, place: str) -> None:
    site.chain.verdicts.append(CONFLICT)
    await killed(await site.start(die=place))
    await _the_next_one_finishes(site)


@pytest.mark.parametrize("place", ["claimed", "after-save-1", "before-save-2"])
async def test_killed_with_records_in_a_database(shared: Site, place: str) -> None:
    await killed(await shared.start(die=place))
    await _the_next_one_finishes(shared)


async def _the_next_one_finishes(site: Site) -> None:
    site.peers[0].result = site.peers[1].result = b"of the second call"
    told = await child.submit(site.told | {"die": ""})
    assert site.chain.valid == [told["transaction_id"]]
    again = await child.submit(site.told | {"die": ""})
    assert again == told | {"attempts": 0}
    assert site.chain.valid == [told["transaction_id"]]
    if told["attempts"] == 0:
        assert told["result"] == "the result"


async def test_callers_at_the_same_time_apply_it_once_and_all_get_its_result(site: Site) -> None:
    await _three_at_once(site)


async def test_callers_at_the_same_time_with_records_in_a_database(shared: Site) -> None:
    await _three_at_once(shared)


async def _three_at_once(site: Site) -> None:
    async def slowly(_context: ServicerContext, proceed: Proceed) -> None:
        await asyncio.sleep(0.3)
        await proceed()

    site.peers[0].script("submit", slowly)
    told = await asyncio.gather(*[finished(await site.start()) for _ in range(3)])
    assert len(site.chain.handed) == 1
    assert {one["transaction_id"] for one in told} == set(site.chain.valid)
    assert sorted(one["attempts"] for one in told) == [0, 0, 1]


async def test_a_waiting_caller_takes_over_from_one_that_is_killed(site: Site) -> None:
    asked = asyncio.Event()

    async def hang(_context: ServicerContext, _proceed: Proceed) -> None:
        asked.set()
        await asyncio.sleep(60)

    site.peers[0].script("status", hang)
    first = await site.start()
    await asyncio.wait_for(asked.wait(), 30)
    waiting = asyncio.create_task(child.submit(site.told | {"die": ""}))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    first.kill()
    await killed(first)
    told = await waiting
    assert site.chain.valid == [told["transaction_id"]]
    assert told["attempts"] == 0
