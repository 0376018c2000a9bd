"""A checkpoint in a database, one row for each reader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fabric_gateway import Checkpoint, CheckpointerBase, CheckpointError
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from carechannel.checkpoints.errors import CheckpointTakenError
from carechannel.checkpoints.table import LONGEST_READER, LONGEST_TRANSACTION_ID, checkpoints

_LARGEST_BLOCK_NUMBER: Final = 2**63 - 1


class SqlCheckpointer(CheckpointerBase):
    """The checkpoint of the reader with that name; any number of names share the table.

    ``load`` makes this the reader of its name: the row's version grows. ``save`` sets the row only while the
    version is still that one. So of two readers with one name the one that began first is told at its next
    save, and what it did in the same transaction is rolled back: a program that hung, and was replaced, does
    no harm when it wakes.

    Args:
        engine: to the database, with an asyncio driver (asyncpg, aiosqlite).
        reader: a name of at most 200 characters for one reader of one kind of events on one channel.
    """

    def __init__(self, engine: AsyncEngine, reader: str) -> None:
        if not 0 < len(reader) <= LONGEST_READER:
            raise CheckpointError(f"the name of a reader has 1 to {LONGEST_READER} characters; give another")
        self._engine = engine
        self._reader = reader
        self._version: int | None = None

    async def create_table(self) -> None:
        """Create the table if it is not there. Its definition is :data:`carechannel.checkpoints.checkpoints`.

        Raises:
            CheckpointError: the database cannot be reached, or refuses.
        """
        async with self._transaction("created") as connection:
            await connection.run_sync(checkpoints.metadata.create_all)

    async def load(self) -> Checkpoint | None:
        """Become the reader of this name; its saved checkpoint, None before the first.

        Raises:
            CheckpointError: the database cannot be reached, or refuses.
        """
        async with self._transaction("loaded") as connection:
            version, saved = await self._take(connection)
        self._version = version  # only now: a version that was rolled back is nobody's
        return saved

    async def save(self, checkpoint: Checkpoint, *, connection: AsyncConnection | None = None) -> None:
        """Replace the checkpoint.

        Args:
            checkpoint: events up to here are processed.
            connection: save within its transaction, which the caller commits or rolls back; ``load`` must
                have been called before. None: in a transaction of its own; durable on return.

        Raises:
            CheckpointTakenError: another reader of the same name has begun.
            CheckpointError: the database cannot be reached, or refuses.
        """
        if not 0 <= checkpoint.block_number <= _LARGEST_BLOCK_NUMBER:
            raise CheckpointError(f"block {checkpoint.block_number} cannot be saved; it is no block number")
        if len(checkpoint.transaction_id or "") > LONGEST_TRANSACTION_ID:
            raise CheckpointError(f"a transaction id has at most {LONGEST_TRANSACTION_ID} characters")
        if connection is not None:
            if self._version is None:
                raise CheckpointError("load the checkpoint before it is saved within a transaction")
            async with self._errors("saved"):
                await self._set(connection, checkpoint, self._version)
            return
        async with self._transaction("saved") as own:
            version = (await self._take(own))[0] if self._version is None else self._version
            await self._set(own, checkpoint, version)
        self._version = version

    async def _take(self, connection: AsyncConnection) -> tuple[int, Checkpoint | None]:
        mine = checkpoints.c.reader == self._reader
        grown = update(checkpoints).where(mine).values(version=checkpoints.c.version + 1)
        if (await connection.execute(grown)).rowcount == 0:
            await self._insert(connection)
            await connection.execute(grown)
        columns = (checkpoints.c.version, checkpoints.c.block_number, checkpoints.c.transaction_id)
        row = (await connection.execute(select(*columns).where(mine))).one()
        saved = None if row.block_number is None else Checkpoint(row.block_number, row.transaction_id)
        return row.version, saved

    async def _insert(self, connection: AsyncConnection) -> None:
        try:
            async with connection.begin_nested():
                await connection.execute(insert(checkpoints).values(reader=self._reader, version=0))
        except IntegrityError:
            return  # another reader of this name has just inserted the row

    async def _set(self, connection: AsyncConnection, checkpoint: Checkpoint, version: int) -> None:
        changed = await connection.execute(
            update(checkpoints)
            .where(checkpoints.c.reader == self._reader, checkpoints.c.version == version)
            .values(block_number=checkpoint.block_number, transaction_id=checkpoint.transaction_id)
        )
        if changed.rowcount != 1:
            raise CheckpointTakenError(
                f"another reader named {self._reader} has begun; stop this one, or give it a name of its own"
            )

    @asynccontextmanager
    async def _transaction(self, done: str) -> AsyncIterator[AsyncConnection]:
        async with self._errors(done), self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def _errors(self, done: str) -> AsyncIterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            # The driver's own words may hold values and the server's address; they stay in the chain.
            raise CheckpointError(
                f"the checkpoint of {self._reader} cannot be {done} in the database "
                f"({type(error).__name__}); check that it is reachable and that the table was created"
            ) from error
