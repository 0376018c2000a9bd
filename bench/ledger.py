"""Measure the verification of a ledger: `python -m bench.ledger`; ``--quick``: a tenth, ``--json``.

Blocks are made and signed here, by authorities of the run's own: three members, majority endorsement,
transactions with a creator and two endorsers each, reading and writing public keys. Side by side, in the same
process and on the same keys, for blocks of 8 and of 50 transactions: the signatures alone, checked one after
another by the library.
The 100,000 blocks are streamed from a file; resident memory is taken as they go.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_ledger import BlockFiles, LedgerBlock, LedgerVerifier, Report, State, as_async, verification
from fabric_ledger.signatures import Claim, Verifier
from fabric_ledger.sources import formats

from tests.unit.fabric_ledger.maker import Channel, Writes

_ECDSA = ec.ECDSA(hashes.SHA256())
_KEYS = 5_000
_SIZES = (8, 50)
_ROUNDS = 7


def made(blocks: int, transactions: int) -> Iterator[LedgerBlock]:
    """A ledger, block by block; only the last block is kept."""
    channel = Channel("A", "B", "C")
    yield channel.blocks[0]
    yield channel.deploy()
    endorsers = channel.everybody[:2]
    written: dict[str, tuple[int, int]] = {}
    for number in range(2, blocks):
        envelopes = []
        for place in range(transactions):
            key = f"key-{(number * transactions + place) % _KEYS}"
            reads = {key: written.get(key)}
            envelopes.append(
                channel.transaction(Writes(reads=reads, puts={key: b"v" * 100}), endorsers=endorsers)
            )
            written[key] = (number, place)
        yield channel.append(*envelopes)
        del channel.blocks[:-1]


Signed = tuple[ec.EllipticCurvePublicKey, bytes, bytes]


def signatures_of(blocks: list[LedgerBlock]) -> list[list[Signed]]:
    """What verification has the library check, for each block: key, message, signature."""
    found: list[list[Signed]] = []
    claimed = Verifier.claim

    def noted(verifier: Verifier, message: bytes, signature: bytes) -> Claim | None:
        assert isinstance(verifier.key, ec.EllipticCurvePublicKey)
        found[-1].append((verifier.key, message, signature))
        return claimed(verifier, message, signature)

    Verifier.claim = noted  # type: ignore[method-assign]
    try:
        with State() as state:
            machine = LedgerVerifier(state)
            for each in blocks:
                found.append([])
                machine.add(each)
    finally:
        Verifier.claim = claimed  # type: ignore[method-assign]
    return found


def side_by_side(blocks: list[LedgerBlock], signatures: list[list[Signed]]) -> tuple[float, float]:
    """Signatures per second of the processor: by verification and by the library, in short turns."""
    step = max(160 // len(blocks[-1].data), 1)
    ours = theirs = 0.0
    with State() as state:
        verifier = LedgerVerifier(state)
        for start in range(0, len(blocks), step):
            begin = time.process_time()
            for each in blocks[start : start + step]:
                verifier.add(each)
            between = time.process_time()
            for checked in signatures[start : start + step]:
                for key, message, signature in checked:
                    key.verify(signature, message, _ECDSA)
            ours += between - begin
            theirs += time.process_time() - between
        report = verifier.report
    assert report.intact, report.findings
    assert report.signatures == sum(len(each) for each in signatures)
    return report.signatures / ours, report.signatures / theirs


def run(path: Path, progress: Callable[[Report], None] | None = None) -> Report:
    """Verify a file."""

    async def verified() -> Report:
        with verification() as each:
            return await each.all(as_async(BlockFiles([path])), progress)

    return asyncio.run(verified())


def memory(path: Path) -> dict[str, object]:
    """Verify a file and tell how resident memory went, at every tenth of it."""
    process = psutil.Process()
    before = process.memory_info().rss
    samples: list[int] = []
    begin = time.perf_counter()
    report = run(path, lambda _: samples.append(process.memory_info().rss))
    tenth = max(len(samples) // 10, 1)
    return {
        "blocks": report.blocks,
        "intact": report.intact,
        "signatures": report.signatures,
        "seconds": round(time.perf_counter() - begin, 1),
        "file_mb": round(path.stat().st_size / 2**20),
        "rss_before_mb": round(before / 2**20),
        "rss_mb": [round(each / 2**20) for each in samples[::tenth]],
        "rss_peak_mb": round(max(samples) / 2**20),
    }


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the blocks")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of is not None:
        print(json.dumps(memory(arguments.memory_of)))
        return
    blocks = 10_000 if arguments.quick else 100_000
    rates = {f"blocks_of_{size}": _rates(list(made(4_800 // size, size))) for size in _SIZES}
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.blocks"
        _write(large, made(blocks, 1))
        told = subprocess.run(
            [sys.executable, "-m", "bench.ledger", "--memory-of", str(large)],
            check=True,
            capture_output=True,
            text=True,
        )
    figures = {
        "signatures_per_second": rates,
        "large": json.loads(told.stdout),
    }
    if arguments.json:
        print(json.dumps(figures))
        return
    print("Signatures per second on one core, median (range):")
    for size, told_rates in rates.items():
        print(f" {size.replace('_', ' ')}")
        for name, (median, low, high) in told_rates.items():
            print(f"  {name:<8} {median:>10,.2f} ({low:,.2f} to {high:,.2f})")
    print("A large ledger:")
    for name, value in figures["large"].items():
        print(f"  {name:<14} {value}")


def _rates(samples: list[LedgerBlock]) -> dict[str, tuple[float, float, float]]:
    """Median and range of several turns."""
    signatures = signatures_of(samples)
    rounds = [side_by_side(samples, signatures) for _ in range(_ROUNDS)]
    return {
        "library": _spread([raw for _, raw in rounds]),
        "verify": _spread([rate for rate, _ in rounds]),
        "ratio": _spread([rate / raw for rate, raw in rounds]),
    }


def _write(path: Path, blocks: Iterator[LedgerBlock]) -> None:
    with path.open("wb") as stream:
        for each in blocks:
            formats.write(stream, each)


def _spread(values: list[float]) -> tuple[float, float, float]:
    return round(statistics.median(values), 3), round(min(values), 3), round(max(values), 3)


if __name__ == "__main__":
    main()
