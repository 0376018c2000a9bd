"""Carries blocks from a source into the verifier, with progress; the only loop around the pure machine."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager

from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import BlockFormatError
from fabric_ledger.report import Report
from fabric_ledger.state import State
from fabric_ledger.verify import LedgerVerifier

Progress = Callable[[Report], None]

_EVERY = 500


async def as_async(blocks: Iterable[LedgerBlock]) -> AsyncIterator[LedgerBlock]:
    """Blocks from files, where blocks from a peer may stand as well."""
    for block in blocks:
        yield block


class Verification:
    """One run over one copy; made by :func:`verification`."""

    def __init__(self, verifier: LedgerVerifier, height: int | None) -> None:
        self._verifier = verifier
        self._height = height

    async def all(self, blocks: AsyncIterable[LedgerBlock], progress: Progress | None = None) -> Report:
        """Verify all blocks of a source.

        Args:
            progress: called every 500 blocks and at the end.

        Raises:
            SourceError: the source cannot be read at all, or does not begin with a configuration.
        """
        report = self._verifier.report
        try:
            async for block in blocks:
                self._verifier.add(block)
                if progress is not None and report.blocks % _EVERY == 0:
                    progress(report)
        except BlockFormatError as error:
            self._verifier.unreadable(str(error))
        if self._height is not None:
            self._verifier.ends(self._height)
        if progress is not None:
            progress(report)
        return report


@contextmanager
def verification(
    *, genesis_hash: bytes | None = None, height: int | None = None, channel: str | None = None
) -> Iterator[Verification]:
    """A run with a state of its own, which is removed at the end.

    Args:
        genesis_hash: header hash of the first block, if it is known by another way.
        height: so many blocks there must be at least, if that is known by another way.
        channel: whose ledger it should be.
    """
    with State() as state:
        yield Verification(LedgerVerifier(state, genesis_hash=genesis_hash, channel=channel), height)
