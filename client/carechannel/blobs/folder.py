"""A blob store in a local folder: ``<folder>/<first two hex digits>/<digest>``."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

from carechannel.blobs.store import digest_of
from carechannel.errors import BlobError, BlobMissingError, BlobTamperedError
from carechannel.files import flush_folder, write_atomically

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class FolderStore:
    """Blobs as files; a crash leaves a blob wholly there or not at all."""

    def __init__(self, folder: Path):
        self._folder = folder

    async def put(self, data: bytes) -> str:
        """See `BlobStore.put`; durable on this disk when it returns."""
        return await asyncio.to_thread(self._put, data)

    async def get(self, digest: str) -> bytes:
        """See `BlobStore.get`."""
        return await asyncio.to_thread(self._get, digest)

    def _put(self, data: bytes) -> str:
        digest = digest_of(data)
        path = self._path(digest)
        try:
            if not path.exists() or digest_of(path.read_bytes()) != digest:
                if not path.parent.is_dir():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    flush_folder(self._folder)
                write_atomically(path, data, mode=0o640)
        except OSError as error:
            raise BlobError(f"The blob store {self._folder} cannot be written: {error.strerror}.") from error
        return digest

    def _get(self, digest: str) -> bytes:
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissingError(
                f"The blob {digest[:12]}… is not in the store {self._folder}; let its custodian restore it."
            ) from error
        except OSError as error:
            raise BlobError(f"The blob store {self._folder} cannot be read: {error.strerror}.") from error
        if digest_of(data) != digest:
            raise BlobTamperedError(
                f"The blob {digest[:12]}… in the store {self._folder} was changed: its hash is not the one "
                "on record; ask its custodian to restore it."
            )
        return data

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise BlobError("A blob's digest must be 64 lower-case hex digits.")
        return self._folder / digest[:2] / digest
