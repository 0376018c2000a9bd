"""The writes of a transaction that have not gone to the peer yet."""

from __future__ import annotations

from typing import Final

from fabric_shim._internal.batching import BATCH_BYTES, weight
from fabric_shim.ledger import Ledger, Write

# What is held back for a peer that takes writes one by one.
_UNBATCHED_WRITES: Final = 1000
# A few full messages, so that cutting them leaves few small ones.
_MOST_BYTES: Final = 4 * BATCH_BYTES


class WriteBuffer:
    """Holds writes back, in order, so that they go in as few messages as the ledger allows."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._most = ledger.write_batch_size if ledger.write_batch_size > 1 else _UNBATCHED_WRITES
        self._writes: list[Write] = []
        self._bytes = 0
        self._held = False
        self._refused: Exception | None = None

    def hold(self) -> None:
        """Flush on demand only."""
        self._held = True

    def release(self) -> None:
        """Flush when the buffer is full, too."""
        self._held = False

    def add(self, write: Write) -> bool:
        """Take a write; tell whether it is time to send: as many as one message carries, or 16 MiB."""
        self._writes.append(write)
        self._bytes += weight(write)
        return len(self._writes) >= self._most or self._bytes >= _MOST_BYTES

    async def flush_unless_held(self) -> None:
        """Send all writes, unless they are held."""
        if not self._held:
            await self.flush()

    async def flush(self) -> None:
        """Send all writes. Once one was refused, every further flush raises the same error.

        :raises LedgerError: the ledger refuses.
        """
        if self._refused is not None:
            raise self._refused
        if not self._writes:
            return
        writes, self._writes, self._bytes = self._writes, [], 0
        try:
            await self._ledger.write(writes)
        except Exception as error:
            self._refused = error
            raise
