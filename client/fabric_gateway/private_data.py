"""A block together with the private data in it that the reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fabric_gateway.blocks import Block, ReadWriteSet

PrivateData = Mapping[int, Mapping[str, Mapping[str, ReadWriteSet]]]


@dataclass(frozen=True, slots=True)
class BlockAndPrivateData:
    """A block, and what its transactions wrote to collections (``protos.BlockAndPrivateData``).

    Attributes:
        block: as every member sees it.
        private_data: what was written, in clear: by the transaction's place in the block (from 0), then by
            namespace (the chaincode), then by collection. Only collections whose members the reader's
            organisation belongs to, and only what the peer that was asked holds: data that it lacks or has
            purged are left out without a sign. Left out of the repr.
    """

    block: Block
    private_data: PrivateData = field(repr=False)

    def written(self, transaction_index: int, namespace: str, collection: str) -> ReadWriteSet:
        """What one transaction wrote to one collection; empty if nothing is known of it."""
        return self.private_data.get(transaction_index, {}).get(namespace, {}).get(collection, _NOTHING)


_NOTHING = ReadWriteSet()
