"""What is written down of submissions, in files and in databases."""

from __future__ import annotations

import asyncio
import json
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carechannel.submitting import ClaimLostError, Deadline, FileRecords, KeyBusyError, RecordsError
from carechannel.submitting.fingerprint import Request
from carechannel.submitting.records import Envelope, Record, Slot, State
from carechannel.submitting.sql_records import TABLE, SqlRecords
from sqlalchemy.ext.asyncio import create_async_engine

from tests.unit.carechannel.submitting.conftest import Store

SLOT = Slot("channel1", "basic", "order/4711 ü ../..")
ENVELOPE = Envelope("ab" * 32, b"envelope \x00\xff", b"signature")
RECORD = Record(b"f" * 32, ENVELOPE, State.SENT)


async def _save(store: Store, record: Record, slot: Slot = SLOT) -> None:
    async with store.open().claim(slot, Deadline.after(5)) as claim:
        await claim.save(record)


async def _read(store: Store, slot: Slot = SLOT) -> Record | None:
    async with store.open().claim(slot, Deadline.after(5)) as claim:
        return claim.record


@pytest.mark.parametrize("state", list(State))
async def test_what_was_saved_is_there_for_another_process(store: Store, state: State) -> None:
    record = Record(RECORD.fingerprint, ENVELOPE, state, 2**40 if state is State.COMMITTED else None)
    assert await _read(store) is None
    await _save(store, RECORD)
    await _save(store, record)
    assert await _read(store) == record
    assert await _read(store, Slot("channel2", "basic", SLOT.key)) is None
    assert await _read(store, Slot("channel1", "basic", "other")) is None


async def test_one_claim_at_a_time_and_the_next_one_sees_what_was_saved(store: Store) -> None:
    inside = 0
    seen: list[int] = []

    async def work(number: int) -> None:
        nonlocal inside
        async with store.open().claim(SLOT, Deadline.after(20)) as claim:
            inside += 1
            assert inside == 1
            seen.append(-1 if claim.record is None else claim.record.block_number or 0)
            await asyncio.sleep(0.01)
            await claim.save(Record(RECORD.fingerprint, ENVELOPE, State.SENT, len(seen)))
            inside -= 1

    await asyncio.gather(*(work(number) for number in range(8)))
    assert seen == [-1, 1, 2, 3, 4, 5, 6, 7]


async def test_a_claim_that_is_held_is_waited_for_until_the_deadline(store: Store) -> None:
    async with store.open().claim(SLOT, Deadline.after(5)):
        await asyncio.sleep(1)  # longer than the lease of the SQL store: it is renewed
        began = time.monotonic()
        with pytest.raises(KeyBusyError):
            async with store.open().claim(SLOT, Deadline.after(0.3)):
                raise AssertionError("two hold the same key")
        assert time.monotonic() - began < 1.5
        async with store.open().claim(Slot("channel1", "basic", "other"), Deadline.after(1)):
            pass


async def test_a_claim_is_free_after_an_exception_and_after_cancellation(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.open().claim(SLOT, Deadline.after(5)):
            raise ZeroDivisionError

    async def hold() -> None:
        async with store.open().claim(SLOT, Deadline.after(5)):
            await asyncio.sleep(60)

    task = asyncio.create_task(hold())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _read(store) is None


async def test_a_save_that_is_cancelled_never_lands_after_the_next_claim(store: Store) -> None:
    """A late write would bring back a transaction that was never sent, in place of one that was."""
    late = Record(RECORD.fingerprint, Envelope("00" * 32, b"late" * 200_000, b"s"), State.SENT)
    for pause in (0.0, 0.0005, 0.001, 0.002, 0.004):

        async def save() -> None:
            async with store.open().claim(SLOT, Deadline.after(5)) as claim:
                await claim.save(late)

        task = asyncio.create_task(save())
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _save(store, RECORD)
        await asyncio.sleep(0.05)
        assert await _read(store) == RECORD


async def test_only_settled_records_that_are_old_are_forgotten(store: Store) -> None:
    for state in State:
        record = Record(RECORD.fingerprint, ENVELOPE, state, 1)
        await _save(store, record, Slot("channel1", "basic", state.value))
    records = store.open()
    assert await records.forget(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await records.forget(datetime.now(UTC) + timedelta(hours=1)) == 2
    assert await _read(store, Slot("channel1", "basic", State.SENT.value)) is not None
    assert await _read(store, Slot("channel1", "basic", State.DEAD.value)) is None


async def test_files_are_their_owners_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "records"
    records = FileRecords(folder)
    key = records.fingerprint_key()
    assert len(key) == 32
    assert FileRecords(folder).fingerprint_key() == key
    async with records.claim(SLOT, Deadline.after(1)) as claim:
        await claim.save(RECORD)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".key"]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b"[1]", b'{"version": 2}', None])
async def test_a_damaged_record_stops_everything(tmp_path: Path, damage: bytes | None) -> None:
    """Taking it for none would mean to submit anew what may be valid."""
    records = FileRecords(tmp_path)
    async with records.claim(SLOT, Deadline.after(1)) as claim:
        await claim.save(RECORD)
    path = next(tmp_path.glob("*.json"))
    if damage is None:
        damage = json.dumps(json.loads(path.read_bytes()) | {"key": "of another"}).encode()
    path.write_bytes(damage)
    with pytest.raises(RecordsError, match="damaged"):
        async with records.claim(SLOT, Deadline.after(1)):
            pass


async def test_a_record_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    records = FileRecords(tmp_path)
    async with records.claim(SLOT, Deadline.after(1)) as claim:
        await claim.save(RECORD)
    path = next(tmp_path.glob("*.json"))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(RecordsError):
            async with records.claim(SLOT, Deadline.after(1)):
                pass


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    records = FileRecords(tmp_path / "file" / "records")
    with pytest.raises(RecordsError):
        records.fingerprint_key()
    with pytest.raises(RecordsError):
        async with records.claim(SLOT, Deadline.after(1)):
            pass
    short = FileRecords(tmp_path / "short")
    short.fingerprint_key()
    (tmp_path / "short" / "fingerprint.key").write_bytes(b"short")
    with pytest.raises(RecordsError, match="damaged"):
        short.fingerprint_key()


async def test_who_lost_its_lease_writes_nothing_any_more(database: str) -> None:
    engine = create_async_engine(database)
    records = SqlRecords(engine, lease=0.3)
    await records.create_table()
    async with engine.begin() as connection:
        await connection.execute(TABLE.delete())
    stopped = records.claim(SLOT, Deadline.after(1))
    claim = await stopped.__aenter__()
    # As if the process had been stopped: the lease is not renewed.
    async with engine.begin() as connection:
        await connection.execute(TABLE.update().values(leased_until=0.0))
    async with SqlRecords(engine, lease=5).claim(SLOT, Deadline.after(1)) as next_claim:
        await next_claim.save(RECORD)
        with pytest.raises(ClaimLostError):
            await claim.save(Record(b"x" * 32, ENVELOPE, State.DEAD))
        await stopped.__aexit__(None, None, None)
        with pytest.raises(KeyBusyError):
            async with records.claim(SLOT, Deadline.after(0.1)):
                pass
    async with records.claim(SLOT, Deadline.after(1)) as last:
        assert last.record == RECORD
    await engine.dispose()


async def test_a_database_that_is_not_there_is_told_without_its_words(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/none/there.sqlite")
    records = SqlRecords(engine)
    with pytest.raises(RecordsError) as refused:
        await records.create_table()
    with pytest.raises(RecordsError):
        async with records.claim(SLOT, Deadline.after(1)):
            pass
    assert "4711" not in str(refused.value)
    await engine.dispose()


def _request(**changed: object) -> Request:
    given: dict[str, object] = {
        "channel": "c",
        "chaincode": "cc",
        "contract": None,
        "function": "f",
        "arguments": ("a", "b"),
        "transient": (("in", b"x"),),
        "endorsing_organizations": ("A", "B"),
    }
    return Request(**(given | changed))  # type: ignore[arg-type]


def test_fingerprints_tell_every_part_apart_and_need_the_key() -> None:
    key = b"k" * 32
    variants = [
        {},
        {"channel": "d"},
        {"chaincode": "dd"},
        {"contract": ""},
        {"contract": "f", "function": ""},
        {"function": "g"},
        {"arguments": ("ab",)},
        {"arguments": ("a", "b", "")},
        {"arguments": ()},
        {"transient": ()},
        {"transient": (("in", b"y"),)},
        {"transient": (("inx", b""),)},
        {"arguments": ("a", "b", "in", b"x"), "transient": ()},
        {"endorsing_organizations": ("A",)},
    ]
    prints = {_request(**changed).fingerprint(key) for changed in variants}
    assert len(prints) == len(variants)
    assert _request().fingerprint(b"l" * 32) not in prints
    same = _request(arguments=(b"a", "b"), endorsing_organizations=("B", "A", "A"))
    assert same.fingerprint(key) == _request().fingerprint(key)
    assert "secret" not in repr(_request(transient=(("secret", b"secret"),), arguments=("secret",)))
    with pytest.raises(ValueError, match="32 bytes"):
        _request().fingerprint(b"k" * 31)


async def test_a_letter_that_changed_anywhere_is_damage(tmp_path: Path) -> None:
    """The result of a committed transaction is read from its record: no other may be taken for it."""
    records = FileRecords(tmp_path)
    async with records.claim(SLOT, Deadline.after(1)) as claim:
        await claim.save(Record(RECORD.fingerprint, ENVELOPE, State.COMMITTED, 7))
    path = next(tmp_path.glob("*.json"))
    whole = path.read_bytes()
    for place, letter in enumerate(whole):
        if not chr(letter).isspace():
            path.write_bytes(whole[:place] + bytes([letter ^ 1]) + whole[place + 1 :])
            with pytest.raises(RecordsError, match="damaged"):
                async with records.claim(SLOT, Deadline.after(1)):
                    pass


async def test_a_lock_file_that_cannot_be_removed_locks_nobody_out(tmp_path: Path) -> None:
    """As on a disk that turned read-only: what was done is done, and the next claim goes on."""
    folder, aside = tmp_path / "records", tmp_path / "aside"
    records = FileRecords(folder)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    async with records.claim(SLOT, Deadline.after(1)) as claim:
        await claim.save(RECORD)
        folder.rename(aside)
        folder.write_text("not a folder")
    folder.unlink()
    aside.rename(folder)
    assert list(folder.glob("*.lock")) != []
    async with records.claim(SLOT, Deadline.after(1)) as claim:
        assert claim.record == RECORD
    assert list(folder.glob("*.lock")) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == opened


async def test_one_damaged_record_does_not_keep_the_others(tmp_path: Path) -> None:
    records = FileRecords(tmp_path)
    for number in range(5):
        async with records.claim(Slot("channel1", "basic", str(number)), Deadline.after(1)) as claim:
            await claim.save(Record(RECORD.fingerprint, ENVELOPE, State.COMMITTED, number))
    damaged = sorted(tmp_path.glob("*.json"))[2]
    damaged.write_bytes(b"{}")
    with pytest.raises(RecordsError, match="damaged"):
        await records.forget(datetime.now(UTC) + timedelta(days=1))
    assert list(tmp_path.glob("*.json")) == [damaged]
