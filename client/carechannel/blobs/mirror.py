"""Two blob stores as one: a blob counts as stored only when both have it."""

from __future__ import annotations

import asyncio

from carechannel.blobs.store import BlobStore
from carechannel.errors import BlobMissingError, BlobTamperedError


class MirroredStore:
    """Writes to both stores; reads the first, and the second where the first has lost or spoilt a blob."""

    def __init__(self, primary: BlobStore, mirror: BlobStore):
        self._primary = primary
        self._mirror = mirror

    async def put(self, data: bytes) -> str:
        """See `BlobStore.put`; returns when both stores have the blob."""
        digest, _ = await asyncio.gather(self._primary.put(data), self._mirror.put(data))
        return digest

    async def get(self, digest: str) -> bytes:
        """See `BlobStore.get`; what the first store has lost or spoilt is restored from the second."""
        try:
            return await self._primary.get(digest)
        except (BlobMissingError, BlobTamperedError) as lost:
            try:
                data = await self._mirror.get(digest)
            except (BlobMissingError, BlobTamperedError):
                raise lost from None
        await self._primary.put(data)
        return data
