"""A block as bytes: what is hashed, signed and stored, before anything in it is believed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fabric_gateway.blocks import header_bytes

SIGNATURES = 0
LAST_CONFIG = 1
TRANSACTIONS_FILTER = 2
ORDERER = 3
COMMIT_HASH = 4
"""Places in a block's metadata (``common.BlockMetadataIndex``)."""


@dataclass(frozen=True, slots=True)
class LedgerBlock:
    """A block, split into its parts and nothing more.

    Attributes:
        number: from 0.
        previous_hash: header hash of the block before, as this block claims.
        data_hash: SHA-256 over the envelopes, as the header claims.
        data: the serialized ``common.Envelope`` in order.
        metadata: by place; see the constants of this module.
        stray: why its encoding holds bytes that belong to none of these parts, or None.
    """

    number: int
    previous_hash: bytes
    data_hash: bytes
    data: tuple[bytes, ...]
    metadata: tuple[bytes, ...]
    stray: str | None = None

    @property
    def header(self) -> bytes:
        """The header in DER, which the block's hash and the orderers' signatures are over."""
        return header_bytes(self.number, self.previous_hash, self.data_hash)

    @property
    def computed_data_hash(self) -> bytes:
        """SHA-256 over the envelopes, one after the other."""
        return hashlib.sha256(b"".join(self.data)).digest()

    def slot(self, place: int) -> bytes:
        """The metadata at a place; empty where there is none."""
        return self.metadata[place] if place < len(self.metadata) else b""
