"""Whether two copies of a ledger are the same, and where they first are not."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field

from fabric_gateway.blocks import header_hash
from fabric_gateway.validation import ValidationCode

from fabric_ledger.block import COMMIT_HASH, TRANSACTIONS_FILTER, LedgerBlock
from fabric_ledger.errors import BlockFormatError

_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class FlagDifference:
    """A transaction that one copy holds valid and the other not, or for another reason."""

    block: int
    transaction: int
    first: ValidationCode
    second: ValidationCode


@dataclass(slots=True)
class Comparison:
    """How two copies differ.

    Attributes:
        heights: blocks in each; of a copy that was not read to its end, as far as it was read.
        first_difference: the first block whose header or transactions differ; None where there is none.
        flags: differing validation flags in the blocks before that (the first 1,000); ``flag_count`` of all.
        commit_hash_difference: the first block whose commit hashes differ: there the peers' states part.
        unreadable: why a copy ends where it does, for one that is damaged.
    """

    heights: tuple[int, int] = (0, 0)
    first_difference: int | None = None
    flags: list[FlagDifference] = field(default_factory=list)
    flag_count: int = 0
    commit_hash_difference: int | None = None
    unreadable: tuple[str | None, str | None] = (None, None)

    @property
    def same(self) -> bool:
        """Whether one copy is the other, as far as the shorter one goes."""
        return (
            self.first_difference is None
            and not self.flag_count
            and self.commit_hash_difference is None
            and self.unreadable == (None, None)
        )


class _Copy:
    def __init__(self, blocks: AsyncIterable[LedgerBlock]) -> None:
        self._blocks: AsyncIterator[LedgerBlock] = aiter(blocks)
        self.height = 0
        self.unreadable: str | None = None

    async def next(self) -> LedgerBlock | None:
        try:
            block = await anext(self._blocks, None)
        except BlockFormatError as error:
            self.unreadable = str(error)
            return None
        if block is not None:
            self.height = block.number + 1
        return block


async def compare(first: AsyncIterable[LedgerBlock], second: AsyncIterable[LedgerBlock]) -> Comparison:
    """Read both copies side by side, up to the first block that differs; the longer one on to its end.

    Raises:
        SourceError: one cannot be read.
    """
    left, right = _Copy(first), _Copy(second)
    found = Comparison()
    while True:
        one, other = await left.next(), await right.next()
        if one is None or other is None:
            break
        if not _same_content(one, other):
            found.first_difference = min(one.number, other.number)
            break
        _compare_flags(one, other, found)
        if found.commit_hash_difference is None and _hashes_differ(one, other):
            found.commit_hash_difference = one.number
    for copy in (left, right):
        while await copy.next() is not None:
            pass
    found.heights = (left.height, right.height)
    found.unreadable = (left.unreadable, right.unreadable)
    return found


def _same_content(one: LedgerBlock, other: LedgerBlock) -> bool:
    return _identity(one) == _identity(other) and one.data == other.data


def _identity(block: LedgerBlock) -> bytes:
    return header_hash(block.number, block.previous_hash, block.data_hash)


def _compare_flags(one: LedgerBlock, other: LedgerBlock, found: Comparison) -> None:
    flags, others = one.slot(TRANSACTIONS_FILTER), other.slot(TRANSACTIONS_FILTER)
    if flags == others or not flags or not others:  # an orderer's copy carries none
        return
    for place, (code, other_code) in enumerate(zip(flags, others, strict=False)):
        if code != other_code:
            found.flag_count += 1
            if len(found.flags) < _KEPT:
                found.flags.append(
                    FlagDifference(one.number, place, ValidationCode(code), ValidationCode(other_code))
                )
    if len(flags) != len(others):
        found.flag_count += 1


def _hashes_differ(one: LedgerBlock, other: LedgerBlock) -> bool:
    mine, theirs = one.slot(COMMIT_HASH), other.slot(COMMIT_HASH)
    return bool(mine and theirs) and mine != theirs
