"""Whatever is done to blocks of a real Fabric 3.1.1 network is found, at the block where it begins."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from fabric_ledger import BlockFiles, LedgerBlock, LedgerVerifier, Report, Severity, State, Verdict
from fabric_ledger._block_messages import block as parse
from fabric_ledger._block_messages import serialized
from fabric_ledger.block import COMMIT_HASH, LAST_CONFIG, ORDERER, SIGNATURES, TRANSACTIONS_FILTER
from fabric_ledger.errors import BlockFormatError

REAL = Path(__file__).parent / "blocks" / "blockfile_000000"
FLIPS = 1_000
CONFIGURATIONS = (42, 44, 46)


@pytest.fixture(scope="module")
def blocks() -> list[LedgerBlock]:
    return list(BlockFiles([REAL]))


def verified(blocks: Iterable[LedgerBlock], genesis_hash: bytes | None = None) -> Report:
    with State() as state:
        verifier = LedgerVerifier(state, genesis_hash=genesis_hash)
        for block in blocks:
            verifier.add(block)
        return verifier.report


def flipped(content: bytes, position: int, bit: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1 << bit
    return bytes(changed)


def place(block: LedgerBlock, slot: int, content: bytes) -> LedgerBlock:
    metadata = [*block.metadata]
    metadata[slot] = content
    return replace(block, metadata=tuple(metadata))


def test_the_ledger_as_it_is(blocks: list[LedgerBlock]) -> None:
    report = verified(blocks)
    assert report.intact
    assert report.proven_to == len(blocks) - 1 == 47
    assert report.verdicts == {Verdict.AGREES: 59, Verdict.DIFFERS: 0, Verdict.UNKNOWN: 0}
    assert report.commit_hashes[Verdict.AGREES] == 47
    assert report.findings == []
    assert report.configurations == [
        (0, ("the first configuration",)),
        (42, ("/Channel/Orderer/BatchTimeout",)),
        (44, ("/Channel/Application/ACLs",)),
        (46, ("/Channel/Application/Endorsement (policy)",)),
    ]
    codes = {code for block in blocks for code in block.slot(TRANSACTIONS_FILTER)}
    assert codes == {
        0,
        10,
        11,
        12,
    }  # policies, version conflicts and phantoms were recomputed, not only VALID


def test_every_flip_in_what_hashes_and_signatures_cover(blocks: list[LedgerBlock]) -> None:
    """1,000 flips of a bit over header, data and signatures, spread by size; each is found at its block.

    The blocks before the flip are verified once, the flipped one against the state that they left.
    """
    seeded = random.Random(20260101)
    parts = [
        (block.number, part, len(content))
        for block in blocks
        for part, content in (
            ("previous_hash", block.previous_hash),
            ("data_hash", block.data_hash),
            *((f"data {n}", envelope) for n, envelope in enumerate(block.data)),
            *((("signatures", block.slot(SIGNATURES)),) if block.number else ()),
        )
        if content
    ]
    # Half by size, half by part, so that the short ones are hit as well.
    chosen = seeded.choices(parts, weights=[size for *_, size in parts], k=FLIPS // 2)
    chosen += seeded.choices(parts, k=FLIPS - FLIPS // 2)
    wanted: dict[int, list[tuple[str, int, int]]] = {}
    for number, part, size in chosen:
        wanted.setdefault(number, []).append((part, seeded.randrange(size), seeded.randrange(8)))
    assert sum(len(each) for each in wanted.values()) == FLIPS
    missed = []
    for number, flips in wanted.items():
        with State() as state:
            verifier = LedgerVerifier(state)
            for block in blocks[:number]:
                verifier.add(block)
            known = dict(vars(verifier))
            for part, position, bit in flips:
                verifier.report = Report(first_block=0) if number else Report()
                verifier._replay.refusal = "only the hashes and signatures are asked for here"
                verifier.add(_with_flip(blocks[number], part, position, bit))
                found = verifier.report.first_break
                if found is None or found.severity is not Severity.TAMPERED or found.block != number:
                    missed.append((number, part, position, bit))
                for name, value in known.items():
                    setattr(verifier, name, value)
    assert missed == []


def _with_flip(block: LedgerBlock, part: str, position: int, bit: int) -> LedgerBlock:
    match part.split():
        case ["previous_hash"]:
            return replace(block, previous_hash=flipped(block.previous_hash, position, bit))
        case ["data_hash"]:
            return replace(block, data_hash=flipped(block.data_hash, position, bit))
        case ["signatures"]:
            return place(block, SIGNATURES, flipped(block.slot(SIGNATURES), position, bit))
        case ["data", number]:
            data = [*block.data]
            data[int(number)] = flipped(data[int(number)], position, bit)
            return replace(block, data=tuple(data))
    raise AssertionError(part)


@pytest.mark.parametrize("number", [1, 10, 42, 47])
def test_every_byte_of_a_serialized_block_counts(blocks: list[LedgerBlock], number: int) -> None:
    """Also those of tags and lengths: whatever still parses as a block is not taken for the one it was."""
    seeded = random.Random(number)
    content = serialized(blocks[number])
    for position in seeded.sample(range(len(content)), 60):
        try:
            changed = parse(flipped(content, position, seeded.randrange(8)))
        except BlockFormatError:
            continue
        report = verified([*blocks[:number], changed])
        assert not report.intact, position


def test_a_flag_is_recomputed(blocks: list[LedgerBlock]) -> None:
    """Every flag of the ledger, changed: valid ones to MVCC_READ_CONFLICT, the others to VALID."""
    changed = [
        place(
            block,
            TRANSACTIONS_FILTER,
            bytes(11 if code == 0 else 0 for code in block.slot(TRANSACTIONS_FILTER)),
        )
        for block in blocks
    ]
    report = verified(changed)
    assert report.verdicts == {Verdict.AGREES: 0, Verdict.DIFFERS: 59, Verdict.UNKNOWN: 0}
    assert report.severities[Severity.TAMPERED] == 0
    assert report.proven_to == 47  # no signature is broken
    assert not report.intact
    assert {finding.check for finding in report.findings} == {"flag"}  # the commit hashes tell which is right


@pytest.mark.parametrize("slot", [LAST_CONFIG, ORDERER, COMMIT_HASH])
def test_other_metadata_is_compared(blocks: list[LedgerBlock], slot: int) -> None:
    content = blocks[12].slot(slot) or b"\x0a\x02\x08\x07"
    changed = place(blocks[12], slot, flipped(content, len(content) - 1, 0))
    report = verified([*blocks[:12], changed, *blocks[13:]])
    assert report.first_break is not None
    assert (report.first_break.block, report.first_break.severity) == (12, Severity.UNSIGNED)
    assert len(report.findings) == 1
    assert report.verdicts[Verdict.AGREES] == 59


def test_a_commit_hash_taken_away(blocks: list[LedgerBlock]) -> None:
    report = verified([*blocks[:12], place(blocks[12], COMMIT_HASH, b""), *blocks[13:]])
    assert [(finding.block, finding.check) for finding in report.findings] == [(12, "commit-hash")]


def test_metadata_beyond_all_places(blocks: list[LedgerBlock]) -> None:
    report = verified([*blocks[:5], replace(blocks[5], metadata=(*blocks[5].metadata, b"x"))])
    assert [(finding.block, finding.check) for finding in report.findings] == [(5, "metadata")]


def test_too_few_flags(blocks: list[LedgerBlock]) -> None:
    short = place(blocks[11], TRANSACTIONS_FILTER, b"\0" * (len(blocks[11].data) + 1))
    report = verified([*blocks[:11], short])
    assert not report.intact


Change = Callable[[list[LedgerBlock]], list[LedgerBlock]]

OUT_OF_PLACE: dict[str, tuple[Change, int, str]] = {
    "dropped": (lambda blocks: [*blocks[:9], *blocks[10:]], 9, "order"),
    "gap": (lambda blocks: [*blocks[:9], *blocks[20:]], 9, "order"),
    "twice": (lambda blocks: [*blocks[:10], blocks[9], *blocks[10:]], 10, "order"),
    "swapped": (lambda blocks: [*blocks[:9], blocks[10], blocks[9], *blocks[11:]], 9, "order"),
    "renumbered": (lambda blocks: [*blocks[:9], replace(blocks[10], number=9)], 9, "previous-hash"),
    "emptied": (lambda blocks: [*blocks[:9], replace(blocks[9], data=()), *blocks[10:]], 9, "data-hash"),
    "other data": (lambda blocks: [*blocks[:9], replace(blocks[9], data=blocks[10].data)], 9, "data-hash"),
    "other's signatures": (
        lambda blocks: [*blocks[:9], place(blocks[9], SIGNATURES, blocks[10].slot(SIGNATURES))],
        9,
        "orderers",
    ),
    "no signatures": (lambda blocks: [*blocks[:9], place(blocks[9], SIGNATURES, b"")], 9, "orderers"),
    "signed as block 0": (
        lambda blocks: [*blocks[:9], place(blocks[9], SIGNATURES, blocks[0].slot(SIGNATURES))],
        9,
        "orderers",
    ),
    "no metadata": (lambda blocks: [*blocks[:9], replace(blocks[9], metadata=())], 9, "orderers"),
}


@pytest.mark.parametrize("name", OUT_OF_PLACE)
def test_blocks_out_of_place(blocks: list[LedgerBlock], name: str) -> None:
    order, broken_at, check = OUT_OF_PLACE[name]
    report = verified(order(blocks))
    assert report.first_break is not None
    assert (report.first_break.block, report.first_break.check) == (broken_at, check)
    assert report.first_break.severity is Severity.TAMPERED
    assert report.proven_to == broken_at - 1


def test_the_anchor(blocks: list[LedgerBlock]) -> None:
    expected = verified(blocks[:1]).genesis_hash
    assert blocks[1].previous_hash == expected
    anchored = verified(blocks, expected)
    assert anchored.anchored
    assert anchored.intact
    other = verified(blocks, bytes(32))
    assert not other.anchored
    assert other.first_break is not None
    assert (other.first_break.block, other.first_break.check, other.proven_to) == (0, "anchor", None)


def test_from_a_configuration_block_on_only_flags_are_unknown(blocks: list[LedgerBlock]) -> None:
    report = verified(blocks[42:])
    assert report.intact
    assert report.proven_to == 47
    assert report.verdicts == {Verdict.AGREES: 0, Verdict.DIFFERS: 0, Verdict.UNKNOWN: 6}
    assert "before 42" in report.flags[0].why
