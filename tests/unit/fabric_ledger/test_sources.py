"""Files of blocks in three formats, damaged ones, and two copies held against each other."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fabric_ledger import (
    BlockFiles,
    BlockFormatError,
    Comparison,
    LedgerBlock,
    SourceError,
    Verdict,
    as_async,
    compare,
    verification,
)
from fabric_ledger.block import COMMIT_HASH, TRANSACTIONS_FILTER
from fabric_ledger.sources import formats

REAL = Path(__file__).parent / "blocks" / "blockfile_000000"


@pytest.fixture(scope="module")
def blocks() -> list[LedgerBlock]:
    return list(BlockFiles([REAL]))


def stream(path: Path, blocks: list[LedgerBlock]) -> Path:
    with path.open("wb") as file:
        for block in blocks:
            formats.write(file, block)
    return path


def test_a_stream_holds_what_a_peers_file_held(blocks: list[LedgerBlock], tmp_path: Path) -> None:
    assert [block.number for block in blocks] == list(range(48))
    assert list(BlockFiles([stream(tmp_path / "all", blocks)])) == blocks


def test_a_folder_of_single_blocks_in_the_order_of_their_numbers(
    blocks: list[LedgerBlock], tmp_path: Path
) -> None:
    for block in blocks[:12]:
        (tmp_path / f"mychannel_{block.number}.block").write_bytes(formats.single(block))
    (tmp_path / "notes.txt").write_text("not a block")
    assert list(BlockFiles([tmp_path])) == blocks[:12]


def test_several_files_one_after_the_other(blocks: list[LedgerBlock], tmp_path: Path) -> None:
    first, second = stream(tmp_path / "one", blocks[:20]), stream(tmp_path / "two", blocks[20:])
    assert list(BlockFiles([first, second])) == blocks


@pytest.mark.parametrize("content", [b"", b"\0", b"hello", b"\xff" * 40, b"{}", bytes(1000)])
def test_what_is_no_file_of_blocks(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BlockFormatError):
        list(BlockFiles([tmp_path / "file"]))


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        BlockFiles([tmp_path / "none"])
    with pytest.raises(SourceError, match="holds no files"):
        BlockFiles([tmp_path])
    with pytest.raises(SourceError, match="no file"):
        BlockFiles([])


@pytest.mark.parametrize("own", [True, False], ids=["peer's file", "stream"])
async def test_a_file_cut_anywhere(own: bool, blocks: list[LedgerBlock], tmp_path: Path) -> None:
    """Never an exception that is not ours; what stands before the cut is still proven, the cut is named."""
    content = REAL.read_bytes() if own else stream(tmp_path / "all", blocks).read_bytes()
    seeded = random.Random(3)
    for cut in seeded.sample(range(20_000, len(content)), 8):
        (tmp_path / "cut").write_bytes(content[:cut])
        with verification() as run:
            report = await run.all(as_async(BlockFiles([tmp_path / "cut"])))
        assert report.blocks == report.verdicts[Verdict.AGREES] - _more(blocks[: report.blocks])
        broken = report.first_break
        assert broken is not None
        assert (broken.block, broken.check) == (report.blocks, "encoding")
        assert "ends within a block" in broken.sentence


def _more(blocks: list[LedgerBlock]) -> int:
    return sum(len(block.data) - 1 for block in blocks)


async def test_blocks_cut_off_at_a_boundary_show_by_the_height_only(blocks: list[LedgerBlock]) -> None:
    with verification(height=48) as run:
        report = await run.all(as_async(blocks[:40]))
    assert report.proven_to == 39
    assert report.first_break is not None
    assert report.first_break.check == "height"
    with verification(height=40) as run:
        assert (await run.all(as_async(blocks[:40]))).intact


async def test_noise_in_a_file_is_found(blocks: list[LedgerBlock], tmp_path: Path) -> None:
    """Flips anywhere in a stream, lengths and tags included."""
    content = stream(tmp_path / "all", blocks[:14]).read_bytes()
    seeded = random.Random(5)
    for position in seeded.sample(range(len(content)), 60):
        changed = bytearray(content)
        changed[position] ^= 1 << seeded.randrange(8)
        (tmp_path / "changed").write_bytes(changed)
        with verification() as run:
            try:
                report = await run.all(as_async(BlockFiles([tmp_path / "changed"])))
            except SourceError:
                continue
            assert not report.intact, position


async def compared(one: list[LedgerBlock], other: list[LedgerBlock]) -> Comparison:
    return await compare(as_async(one), as_async(other))


async def test_the_same_twice(blocks: list[LedgerBlock]) -> None:
    found = await compared(blocks, blocks)
    assert found.same
    assert found.heights == (48, 48)
    shorter = await compared(blocks, blocks[:30])
    assert shorter.same
    assert shorter.heights == (48, 30)


async def test_a_fork_a_flag_and_a_commit_hash(blocks: list[LedgerBlock]) -> None:
    forked = [*blocks[:20], replace(blocks[20], data=(b"other",)), *blocks[21:]]
    found = await compared(blocks, forked)
    assert (found.same, found.first_difference, found.heights) == (False, 20, (48, 48))
    metadata = [*blocks[7].metadata]
    metadata[TRANSACTIONS_FILTER] = b"\x0b"
    metadata[COMMIT_HASH] = metadata[COMMIT_HASH][:-1] + b"\0"
    found = await compared(blocks, [*blocks[:7], replace(blocks[7], metadata=tuple(metadata)), *blocks[8:]])
    assert found.first_difference is None
    assert [(each.block, each.transaction, each.second) for each in found.flags] == [(7, 0, 11)]
    assert found.commit_hash_difference == 7
    assert not found.same


async def test_a_damaged_copy(blocks: list[LedgerBlock]) -> None:
    async def damaged() -> AsyncIterator[LedgerBlock]:
        for block in blocks[:5]:
            yield block
        raise BlockFormatError("the file ends within a block")

    found = await compare(as_async(blocks), damaged())
    assert not found.same
    assert found.heights == (48, 5)
    assert found.unreadable == (None, "the file ends within a block")
