"""A process that applies numbered events to a table, each with its checkpoint in one transaction."""

from __future__ import annotations

import asyncio
import sys

from carechannel.checkpoints import SqlCheckpointer
from fabric_gateway import Checkpoint
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


async def main(url: str, last: int) -> None:
    engine = create_async_engine(url)
    reader = SqlCheckpointer(engine, "reader")
    saved = await reader.load()
    print("ready", flush=True)
    for number in range(saved.block_number + 1 if saved else 0, last + 1):
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO applied VALUES (:number)"), {"number": number})
            await reader.save(Checkpoint(number), connection=connection)
    await engine.dispose()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
