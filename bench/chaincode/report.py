"""The table that people read, and the targets that the figures are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.chaincode.rounds import Measured, by_language
from bench.chaincode.soak import GROWTH, SLOWING, Soak

GO_SHARE = 0.85
GO_MILLISECONDS = 0.5
NODE_SHARE = 1.0
BATCHED_MILLISECONDS = 200.0
MANY = (64, 256)
HEAD = (
    f"{'case, in flight':<34}{'':<5}{'tx/s':>7} {'range':>13}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>8}"
    f"{'MiB':>6}{'to go':>7}{'to node':>8}"
)


@dataclass(frozen=True)
class Verdict:
    """A target and how it stands: `worst` over the cases that it speaks of."""

    target: str
    worst: str
    met: bool


def table(measured: Sequence[Measured]) -> Iterator[str]:
    """Lines, one for each case and language; ratios are those of Python's median rate to the others'."""
    yield HEAD
    for case in dict.fromkeys(one.case for one in measured):
        found = by_language(measured, case)
        for position, one in enumerate(found.values()):
            spread = f"{one.rate.low:.0f}-{one.rate.high:.0f}"
            yield (
                f"{case if position == 0 else '':<34}{one.language:<5}{one.rate.median:>7.1f} {spread:>13}"
                f"{one.p50.median:>9.2f}{one.p95.median:>9.2f}{one.cpu.median:>8.2f}{one.memory:>6.0f}"
                f"{_ratio(found, one, 'go'):>7}{_ratio(found, one, 'node'):>8}"
            )
        for one in found.values():
            for message, count in one.errors.items():
                yield f"  {one.language}: {count} failed: {message}"


def _ratio(found: dict[str, Measured], one: Measured, other: str) -> str:
    if one.language != "py" or other not in found or not found[other].rate.median:
        return ""
    return f"{one.rate.median / found[other].rate.median:.2f}"


def verdicts(measured: Sequence[Measured]) -> list[Verdict]:
    """The targets of which at least one case was measured."""
    cases = [by_language(measured, case) for case in dict.fromkeys(one.case for one in measured)]
    beside_go = [case for case in cases if {"py", "go"} <= set(case)]
    committed = {
        found["py"].case: found["py"].rate.median / found["node"].rate.median
        for found in cases
        if {"py", "node"} <= set(found) and found["py"].submit and found["node"].rate.median
    }
    shares = {
        found["py"].case: found["py"].rate.median / found["go"].rate.median
        for found in beside_go
        if found["py"].in_flight in MANY and found["go"].rate.median
    }
    behind = {
        found["py"].case: found["py"].p50.median - found["go"].p50.median
        for found in beside_go
        if not found["py"].submit and found["py"].in_flight == 1
    }
    batched = {
        found["py"].case: found["py"].p50.median
        for found in beside_go
        if found["py"].name == "write 2500 keys"
    }
    failed = sum(sum(one.errors.values()) for one in measured)
    return [
        *_at_least("committed tx/s, Python to Node", committed, NODE_SHARE),
        *_at_least("tx/s at 64 and 256 in flight, Python to Go", shares, GO_SHARE),
        *_at_most("evaluate p50 at one in flight, Python behind Go, ms", behind, GO_MILLISECONDS),
        *_at_most("2,500 puts in one transaction, ms", batched, BATCHED_MILLISECONDS),
        Verdict("no transaction fails", f"{failed} failed", failed == 0),
    ]


def _at_least(target: str, figures: dict[str, float], bound: float) -> Iterator[Verdict]:
    if figures:
        case = min(figures, key=lambda case: figures[case])
        yield Verdict(f"{target} >= {bound:g}", f"{figures[case]:.2f} ({case})", figures[case] >= bound)


def _at_most(target: str, figures: dict[str, float], bound: float) -> Iterator[Verdict]:
    if figures:
        case = max(figures, key=lambda case: figures[case])
        yield Verdict(f"{target} <= {bound:g}", f"{figures[case]:.2f} ({case})", figures[case] <= bound)


def soaked(found: Soak) -> Iterator[str]:
    """Lines on a long run: each figure in its first and last tenth."""
    yield f"{found.transactions} transactions, {found.errors} failed; first tenth, last tenth:"
    yield f"  resident memory  {found.memory[0]:8.1f} {found.memory[1]:8.1f} MiB  ({found.growth:+.1%})"
    yield f"  evaluate         {found.evaluate[0]:8.0f} {found.evaluate[1]:8.0f} tx/s"
    yield f"  submit           {found.submit[0]:8.0f} {found.submit[1]:8.0f} tx/s"
    yield f"{'met   ' if found.flat else 'MISSED'}  memory grows by no more than {GROWTH:.0%}"
    yield f"{'met   ' if found.steady else 'MISSED'}  no kind gets slower by more than {SLOWING:.0%}"
