"""What every blob store does, whatever it keeps its bytes in."""

from __future__ import annotations

import hashlib
from typing import Protocol


class BlobStore(Protocol):
    """Keeps immutable bytes under their own digest."""

    async def put(self, data: bytes) -> str:
        """Stores bytes durably and returns their digest; storing the same again changes nothing.

        Raises:
            BlobError: they could not be stored.
        """
        ...

    async def get(self, digest: str) -> bytes:
        """The bytes of that digest, checked.

        Raises:
            BlobMissingError: there are none.
            BlobTamperedError: the stored bytes have another digest.
            BlobError: the store cannot be read.
        """
        ...


def digest_of(data: bytes) -> str:
    """SHA-256 in lower hex."""
    return hashlib.sha256(data).hexdigest()
