"""Where a reader of events stands, so that it goes on there after a restart."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fabric_gateway.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Events up to here are processed.

    Attributes:
        block_number: the block in which to go on.
        transaction_id: the last transaction of that block already processed; None if none is.
    """

    block_number: int
    transaction_id: str | None = None


class Checkpointer(Protocol):
    """Keeps one checkpoint. One checkpointer serves one reader of one chaincode on one channel."""

    async def load(self) -> Checkpoint | None:
        """The saved checkpoint, None before the first.

        Raises:
            CheckpointError: it cannot be read.
        """
        ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint; on return it is durable.

        Raises:
            CheckpointError: it cannot be written.
        """
        ...


class InMemoryCheckpointer:
    """A checkpoint for as long as the process lives."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint

    async def load(self) -> Checkpoint | None:
        return self._checkpoint

    async def save(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint


class FileCheckpointer:
    """A checkpoint in a file that survives a crash at any moment: the old one or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> Checkpoint | None:
        return await asyncio.to_thread(self._read)

    async def save(self, checkpoint: Checkpoint) -> None:
        await asyncio.to_thread(self._write, checkpoint)

    def _read(self) -> Checkpoint | None:
        try:
            saved = json.loads(self._path.read_bytes())
            block_number, transaction_id = saved["block_number"], saved["transaction_id"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"the checkpoint {self._path} cannot be read; repair it, or remove it to begin anew"
            ) from error
        if type(block_number) is not int or not isinstance(transaction_id, str | None):
            raise CheckpointError(
                f"the checkpoint {self._path} holds no block number; repair it, or remove it to begin anew"
            )
        return Checkpoint(block_number, transaction_id)

    def _write(self, checkpoint: Checkpoint) -> None:
        content = {"block_number": checkpoint.block_number, "transaction_id": checkpoint.transaction_id}
        temporary = self._path.with_name(f".{self._path.name}.new")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise CheckpointError(
                f"the checkpoint {self._path} cannot be written: {error.strerror}"
            ) from error
