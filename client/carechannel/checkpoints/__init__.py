"""Checkpoints of event readers in a database (``pip install 'carechannel[sql]'``).

from carechannel.checkpoints import SqlCheckpointer
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://…")
checkpointer = SqlCheckpointer(engine, reader="ward-list")
await checkpointer.create_table()

Where what an event causes lies in the same database, save the checkpoint in the same transaction. Then each
event has its effect exactly once, whatever is killed when:

async with network.chaincode_events("care", checkpoint=await checkpointer.load(), start_block=0) as events:
    async for event in events:
        async with engine.begin() as connection:
            await connection.execute(…)
            await checkpointer.save(Checkpoint(event.block_number, event.transaction_id),
            connection=connection)
"""

try:
    import sqlalchemy.ext.asyncio  # noqa: F401 - an extra
except ImportError as error:
    raise ImportError(
        "carechannel.checkpoints needs SQLAlchemy with asyncio; install 'carechannel[sql]'"
    ) from error

from carechannel.checkpoints.errors import CheckpointTakenError
from carechannel.checkpoints.sql import SqlCheckpointer
from carechannel.checkpoints.table import checkpoints, metadata

__all__ = ["CheckpointTakenError", "SqlCheckpointer", "checkpoints", "metadata"]
