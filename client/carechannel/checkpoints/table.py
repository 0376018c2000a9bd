"""The table of checkpoints, for those who create their tables by migrations of their own."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, MetaData, String, Table

LONGEST_READER: Final = 200
LONGEST_TRANSACTION_ID: Final = 200

metadata: Final = MetaData()

# ``version`` counts the times that a reader of this name has begun; ``block_number`` is null before the first
# save.
checkpoints: Final = Table(
    "fabric_checkpoints",
    metadata,
    Column("reader", String(LONGEST_READER), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("block_number", BigInteger),
    Column("transaction_id", String(LONGEST_TRANSACTION_ID)),
)
