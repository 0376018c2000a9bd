"""Records in a database that several machines share; needs the extra ``sql`` and the database's driver."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CursorResult,
    Double,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql import Delete, Insert, Update

from carechannel.submitting.deadline import Deadline
from carechannel.submitting.errors import ClaimLostError, KeyBusyError, RecordsError
from carechannel.submitting.records import Claim, Envelope, Record, Slot, State

TABLE: Final = Table(
    "carechannel_submissions",
    MetaData(),
    Column("channel", String(249), primary_key=True),
    Column("chaincode", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", LargeBinary),
    Column("transaction_id", String(64)),
    Column("envelope", LargeBinary),
    Column("signature", LargeBinary),
    Column("state", String(16)),
    Column("block_number", BigInteger),
    Column("saved", Double, nullable=False, comment="seconds since 1970"),
    Column("owner", Text),
    Column("leased_until", Double, nullable=False, comment="seconds since 1970"),
)
"""The table; `SqlRecords.create_table` makes it, or a migration tool that is given its metadata."""

# The database's own clock, so that the clocks of the machines that use it do not matter.
_NOW: Final = {
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
_FIRST_LOOK: Final = 0.02
_LATER_LOOKS: Final = 0.5
_GRACE: Final = 1.0


class SqlRecords:
    """One row per key, leased to whoever works on it and renewed while that one lives.

    A caller that is stopped for longer than its lease has lost it: it can write nothing any more, and whoever
    took over goes on from what it had written. Tested with PostgreSQL 15 and SQLite.

    Args:
        engine: of the database. It is the caller's to dispose of.
        lease: seconds until a key whose caller was killed can be taken up again.

    Raises:
        RecordsError: another kind of database.
    """

    def __init__(self, engine: AsyncEngine, *, lease: float = 15.0):
        if engine.dialect.name not in _NOW:
            raise RecordsError(f"Submissions are kept in PostgreSQL or SQLite, not in {engine.dialect.name}.")
        self._engine = engine
        self._lease = lease
        self._now: ColumnElement[float] = literal_column(_NOW[engine.dialect.name], Double)

    async def create_table(self) -> None:
        """Makes the table if it is not there.

        Raises:
            RecordsError: the database refuses.
        """
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(TABLE.metadata.create_all)
        except (SQLAlchemyError, OSError) as error:
            raise _refused(error) from error

    @asynccontextmanager
    async def claim(self, slot: Slot, deadline: Deadline) -> AsyncIterator[Claim]:
        """As `Records.claim`."""
        owner = secrets.token_hex(16)
        try:
            record = await self._taken_in_time(slot, owner, deadline)
            renewal = asyncio.create_task(self._renew(slot, owner))
            try:
                yield _SqlClaim(self, slot, owner, record)
            finally:
                renewal.cancel()
                with suppress(asyncio.CancelledError):
                    await renewal
        finally:
            await self._free(slot, owner)

    async def forget(self, before: datetime) -> int:
        """As `Records.forget`."""
        known = TABLE.c.state.in_([State.COMMITTED.value, State.DEAD.value])
        idle = or_(TABLE.c.owner.is_(None), TABLE.c.leased_until < self._now)
        old = TABLE.c.saved < before.timestamp()
        return (await self._run(delete(TABLE).where(known, idle, old))).rowcount

    async def save(self, slot: Slot, owner: str, record: Record) -> None:
        """Writes a record, if the slot still belongs to the owner.

        Raises:
            ClaimLostError, RecordsError: as `Claim.save`.
        """
        envelope = record.envelope
        saved = await self._run(
            update(TABLE)
            .where(_at(slot), TABLE.c.owner == owner)
            .values(
                fingerprint=record.fingerprint,
                transaction_id=envelope.transaction_id,
                envelope=envelope.transaction,
                signature=envelope.signature,
                state=record.state.value,
                block_number=record.block_number,
                saved=self._now,
                leased_until=self._now + self._lease,
            )
        )
        if saved.rowcount != 1:
            raise ClaimLostError(
                "Another caller took over this idempotency key; call again to get its outcome."
            )

    async def _taken_in_time(self, slot: Slot, owner: str, deadline: Deadline) -> Record | None:
        try:
            async with asyncio.timeout(deadline.left() + _GRACE):
                return await self._taken(slot, owner, deadline)
        except TimeoutError as error:
            raise _refused(error) from error

    async def _taken(self, slot: Slot, owner: str, deadline: Deadline) -> Record | None:
        pause = _FIRST_LOOK
        while not await self._take(slot, owner):
            if deadline.passed:
                raise KeyBusyError(
                    "Another caller works on this idempotency key; call again with the same key later."
                )
            await asyncio.sleep(deadline.limit(pause * (0.5 + random.random() / 2)))  # noqa: S311 - a pause
            pause = min(2 * pause, _LATER_LOOKS)
        return await self._read(slot)

    async def _take(self, slot: Slot, owner: str) -> bool:
        until = self._now + self._lease
        free = or_(TABLE.c.owner.is_(None), TABLE.c.leased_until < self._now)
        taken = await self._run(update(TABLE).where(_at(slot), free).values(owner=owner, leased_until=until))
        if taken.rowcount == 1:
            return True
        row = {"channel": slot.channel, "chaincode": slot.chaincode, "key": slot.key}
        try:
            await self._run(insert(TABLE).values(**row, saved=self._now, owner=owner, leased_until=until))
        except RecordsError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True

    async def _read(self, slot: Slot) -> Record | None:
        try:
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(TABLE).where(_at(slot)))).one_or_none()
        except (SQLAlchemyError, OSError) as error:
            raise _refused(error) from error
        if row is None or row.state is None:
            return None
        try:
            envelope = Envelope(row.transaction_id, row.envelope, row.signature)
            return Record(row.fingerprint, envelope, State(row.state), row.block_number)
        except ValueError as error:
            raise RecordsError(
                "A submission record in the database is damaged; find out on the ledger what became of it."
            ) from error

    async def _renew(self, slot: Slot, owner: str) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            # A database that is away may be back before the lease ends; if not, the next save says so.
            with suppress(RecordsError):
                await self._run(
                    update(TABLE)
                    .where(_at(slot), TABLE.c.owner == owner)
                    .values(leased_until=self._now + self._lease)
                )

    async def _free(self, slot: Slot, owner: str) -> None:
        own = and_(_at(slot), TABLE.c.owner == owner)
        # What cannot be freed now is free when its lease ends.
        with suppress(RecordsError, TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._run(delete(TABLE).where(own, TABLE.c.state.is_(None)))
                await self._run(update(TABLE).where(own).values(owner=None))

    async def _run(self, statement: Insert | Update | Delete) -> CursorResult[tuple[object, ...]]:
        try:
            async with self._engine.begin() as connection:
                return await connection.execute(statement)
        except (SQLAlchemyError, OSError) as error:
            raise _refused(error) from error


class _SqlClaim:
    def __init__(self, records: SqlRecords, slot: Slot, owner: str, record: Record | None):
        self._records = records
        self._slot = slot
        self._owner = owner
        self.record = record

    async def save(self, record: Record) -> None:
        await self._records.save(self._slot, self._owner, record)


def _at(slot: Slot) -> ColumnElement[bool]:
    return and_(TABLE.c.channel == slot.channel, TABLE.c.chaincode == slot.chaincode, TABLE.c.key == slot.key)


def _refused(error: SQLAlchemyError | OSError) -> RecordsError:
    """The error's own text may repeat a statement's values, so only its kind is told."""
    return RecordsError(
        f"The database of submissions cannot be used ({type(error).__name__}); check that it runs, and that "
        "its table was made."
    )
