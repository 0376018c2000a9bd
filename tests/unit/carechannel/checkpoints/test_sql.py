"""Checkpoints in real databases: PostgreSQL and SQLite."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from carechannel.checkpoints import CheckpointTakenError, SqlCheckpointer, checkpoints
from fabric_gateway import ChaincodeEvent, Checkpoint, Checkpointer, CheckpointError
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.postgresql import PostgreSql

APPLIER = Path(__file__).with_name("appliers.py")
_patients = MetaData()
LIST = Table(
    "ward_list",
    _patients,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("transaction_id", String(64), nullable=False),
)


@pytest.fixture
async def ward(engine: AsyncEngine) -> AsyncEngine:
    """The database with the table of checkpoints and one of the application's."""
    await SqlCheckpointer(engine, "setup").create_table()
    async with engine.begin() as connection:
        await connection.run_sync(_patients.drop_all)
        await connection.run_sync(_patients.create_all)
    return engine


@pytest.mark.parametrize(
    "checkpoint", [Checkpoint(0), Checkpoint(0, "a"), Checkpoint(2**63 - 1, "f" * 64), Checkpoint(7, "é")]
)
async def test_what_is_saved_is_loaded(checkpoint: Checkpoint, ward: AsyncEngine) -> None:
    first = SqlCheckpointer(ward, "reader")
    assert await first.load() is None
    assert await SqlCheckpointer(ward, "reader").load() is None
    again = SqlCheckpointer(ward, "reader")
    await again.save(Checkpoint(1, "before"))
    await again.save(checkpoint)
    assert await SqlCheckpointer(ward, "reader").load() == checkpoint


async def test_creating_the_table_again_keeps_it(ward: AsyncEngine) -> None:
    await SqlCheckpointer(ward, "reader").save(Checkpoint(3, "x"))
    await SqlCheckpointer(ward, "reader").create_table()
    assert await SqlCheckpointer(ward, "reader").load() == Checkpoint(3, "x")


async def test_readers_have_a_row_each(ward: AsyncEngine) -> None:
    names = ["a", "A", "a ", "x" * 200, "'; drop table fabric_checkpoints; --"]
    readers = [SqlCheckpointer(ward, name) for name in names]
    for number, reader in enumerate(readers):
        await reader.save(Checkpoint(number))
    for number, name in enumerate(names):
        assert await SqlCheckpointer(ward, name).load() == Checkpoint(number)


async def test_the_ways_of_saving_of_fabrics_clients(ward: AsyncEngine) -> None:
    reader = SqlCheckpointer(ward, "reader")
    await reader.checkpoint_block(4)
    assert await reader.load() == Checkpoint(5)
    await reader.checkpoint_transaction(6, "t")
    assert await reader.load() == Checkpoint(6, "t")
    await reader.checkpoint_chaincode_event(ChaincodeEvent(7, "u", "c", "e", b""))
    assert await reader.load() == Checkpoint(7, "u")


async def test_the_reader_that_began_first_is_told_of_the_second(ward: AsyncEngine) -> None:
    first, second = SqlCheckpointer(ward, "reader"), SqlCheckpointer(ward, "reader")
    await first.load()
    await first.save(Checkpoint(1))
    assert await second.load() == Checkpoint(1)
    with pytest.raises(CheckpointTakenError, match="another reader named reader has begun") as told:
        await first.save(Checkpoint(2))
    assert told.value.code == "checkpoint-taken"
    await second.save(Checkpoint(3))
    assert await SqlCheckpointer(ward, "reader").load() == Checkpoint(3)


async def test_of_many_that_begin_at_once_one_is_left(ward: AsyncEngine) -> None:
    readers = [SqlCheckpointer(ward, "reader") for _ in range(12)]
    assert await asyncio.gather(*(reader.load() for reader in readers)) == [None] * 12
    saved = await asyncio.gather(
        *(reader.save(Checkpoint(n)) for n, reader in enumerate(readers)), return_exceptions=True
    )
    assert saved.count(None) == 1
    assert all(isinstance(result, CheckpointTakenError) for result in saved if result is not None)
    assert await SqlCheckpointer(ward, "reader").load() == Checkpoint(saved.index(None))


async def _apply(ward: AsyncEngine, reader: SqlCheckpointer, number: int, *, fail: bool = False) -> None:
    async with ward.begin() as connection:
        await connection.execute(insert(LIST).values(transaction_id=str(number)))
        await reader.save(Checkpoint(number, str(number)), connection=connection)
        if fail:
            raise ZeroDivisionError


async def _applied(ward: AsyncEngine) -> list[str]:
    async with ward.connect() as connection:
        rows = await connection.execute(select(LIST.c.transaction_id).order_by(LIST.c.id))
        return [row.transaction_id for row in rows]


async def test_a_checkpoint_within_a_transaction_shares_its_fate(ward: AsyncEngine) -> None:
    reader = SqlCheckpointer(ward, "reader")
    await reader.load()
    await _apply(ward, reader, 1)
    with pytest.raises(ZeroDivisionError):
        await _apply(ward, reader, 2, fail=True)
    assert await _applied(ward) == ["1"]
    # The rolled back save is no reason to believe that somebody else reads.
    await _apply(ward, reader, 2)
    assert await _applied(ward) == ["1", "2"]
    assert await reader.load() == Checkpoint(2, "2")


async def test_a_reader_that_was_replaced_applies_nothing_more(ward: AsyncEngine) -> None:
    slept = SqlCheckpointer(ward, "reader")
    await slept.load()
    await _apply(ward, slept, 1)
    successor = SqlCheckpointer(ward, "reader")
    assert await successor.load() == Checkpoint(1, "1")
    await _apply(ward, successor, 2)
    with pytest.raises(CheckpointTakenError):
        await _apply(ward, slept, 2)
    assert await _applied(ward) == ["1", "2"]


async def test_cancelled_at_any_moment_every_event_is_applied_once(ward: AsyncEngine) -> None:
    """Processing is cut at growing delays; whoever comes next goes on at the checkpoint."""
    last = 40
    delay = 0.0
    while True:
        reader = SqlCheckpointer(ward, "reader")
        saved = await reader.load()
        begin = saved.block_number + 1 if saved else 0
        if begin > last:
            break

        async def process(begin: int = begin, reader: SqlCheckpointer = reader) -> None:
            for number in range(begin, last + 1):
                await _apply(ward, reader, number)

        task = asyncio.create_task(process())
        await asyncio.sleep(delay)
        delay += 0.0007
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await _applied(ward) == [str(number) for number in range(last + 1)]


async def test_saving_within_a_transaction_needs_a_load_before(ward: AsyncEngine) -> None:
    async with ward.begin() as connection:
        with pytest.raises(CheckpointError, match="load the checkpoint before"):
            await SqlCheckpointer(ward, "reader").save(Checkpoint(1), connection=connection)


@pytest.mark.parametrize("checkpoint", [Checkpoint(-1), Checkpoint(2**63), Checkpoint(1, "x" * 201)])
async def test_what_does_not_fit_is_refused(checkpoint: Checkpoint, ward: AsyncEngine) -> None:
    with pytest.raises(CheckpointError, match=r"no block number|at most 200"):
        await SqlCheckpointer(ward, "reader").save(checkpoint)


@pytest.mark.parametrize("name", ["", "x" * 201])
async def test_a_name_that_does_not_fit_is_refused(name: str, engine: AsyncEngine) -> None:
    with pytest.raises(CheckpointError, match="1 to 200 characters"):
        SqlCheckpointer(engine, name)


async def test_without_the_table_it_says_so(engine: AsyncEngine) -> None:
    reader = SqlCheckpointer(engine, "reader")
    for call in (reader.load(), reader.save(Checkpoint(1, "a1b2c3"))):
        with pytest.raises(CheckpointError, match="the table was created") as failure:
            await call
        assert "a1b2c3" not in str(failure.value)


async def test_a_database_that_goes_away_and_comes_back(postgresql: PostgreSql) -> None:
    engine = create_async_engine(postgresql.url, pool_pre_ping=True)
    reader = SqlCheckpointer(engine, "reader")
    await reader.create_table()
    await reader.save(Checkpoint(1, "a"))
    postgresql.stop()
    try:
        for call in (reader.save(Checkpoint(2, "b")), reader.load()):
            with pytest.raises(CheckpointError, match="check that it is reachable"):
                await call
    finally:
        postgresql.start()
    await reader.save(Checkpoint(2, "b"))
    assert await reader.load() == Checkpoint(2, "b")
    async with engine.begin() as connection:
        assert await connection.scalar(select(func.count()).select_from(checkpoints)) == 1
        await connection.run_sync(checkpoints.metadata.drop_all)
    await engine.dispose()


async def test_a_read_only_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    reader = SqlCheckpointer(engine, "reader")
    await reader.create_table()
    await reader.save(Checkpoint(1))
    await engine.dispose()
    frozen = create_async_engine(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(CheckpointError, match="cannot be saved"):
        await SqlCheckpointer(frozen, "reader").save(Checkpoint(2))
    await frozen.dispose()
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    assert await SqlCheckpointer(engine, "reader").load() == Checkpoint(1)
    await engine.dispose()


async def _applier(url: str, last: int) -> asyncio.subprocess.Process:
    """A process that has just loaded its checkpoint."""
    applier = await asyncio.create_subprocess_exec(
        sys.executable, str(APPLIER), url, str(last), stdout=asyncio.subprocess.PIPE
    )
    assert applier.stdout is not None
    assert await applier.stdout.readline() == b"ready\n"
    return applier


async def test_killed_at_any_moment_every_event_is_applied_once(postgresql: PostgreSql) -> None:
    engine = create_async_engine(postgresql.url)
    await SqlCheckpointer(engine, "reader").create_table()
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE applied (number integer)"))
    chance, last, kills = random.Random(7), 400, 0
    for _ in range(5):
        applier = await _applier(postgresql.url, last)
        await asyncio.sleep(chance.uniform(0, 0.05))
        with suppress(ProcessLookupError):
            applier.kill()
        kills += await applier.wait() == -signal.SIGKILL
    assert kills > 2
    assert await (await _applier(postgresql.url, last)).wait() == 0
    async with engine.begin() as connection:
        applied = (await connection.execute(text("SELECT number FROM applied ORDER BY number"))).scalars()
        assert list(applied) == list(range(last + 1))
        await connection.execute(text("DROP TABLE applied"))
        await connection.run_sync(checkpoints.metadata.drop_all)
    await engine.dispose()


async def test_it_is_a_checkpointer_of_event_streams(ward: AsyncEngine) -> None:
    checkpointer: Checkpointer = SqlCheckpointer(ward, "reader")
    await checkpointer.save(Checkpoint(1, "a"))
    assert await checkpointer.load() == Checkpoint(1, "a")


def test_without_sqlalchemy_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['sqlalchemy'] = None; import carechannel.checkpoints"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "install 'carechannel[sql]'" in told.stderr
