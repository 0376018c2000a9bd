"""The table that people read, and the goals that the figures are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bench.chaincode.report import Verdict
from bench.client.cases import Case
from bench.client.rounds import Measured

NODE_RATE = 1.6
GO_RATE = 0.9
GO_STACK_RATE = 0.85
EVENTS_PER_SECOND = 5000
HEAD = (
    f"{'case, in flight':<20}{'client':<7}{'per s':>8} {'range':>13}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>8}"
    f"{'MiB':>6}{'to go':>7}{'to node':>8}"
)


def table(measured: Sequence[Measured]) -> Iterator[str]:
    """Lines, one for each case and client; ratios are those of Python's median rate to the others'."""
    yield HEAD
    for case in dict.fromkeys(one.case for one in measured):
        found = {one.client: one for one in measured if one.case == case}
        for position, one in enumerate(found.values()):
            spread = f"{one.rate.low:.0f}-{one.rate.high:.0f}"
            ratios = f"{_rate(found, 'go'):>7.2f}{_rate(found, 'node'):>8.2f}" if one.client == "py" else ""
            title = case.title if position == 0 else ""
            yield (
                f"{title:<20}{one.client:<7}{one.rate.median:>8.1f} {spread:>13}"
                f"{one.p50.median:>9.2f}{one.p95.median:>9.2f}{one.cpu.median:>8.3f}{one.memory:>6.0f}{ratios}"
            )
        for one in found.values():
            for reason, count in one.errors.items():
                yield f"  {one.client}: {count} failed: {reason}"


def verdicts(measured: Sequence[Measured]) -> list[Verdict]:
    """The goals of which at least one case was measured."""
    cases = {case: {one.client: one for one in measured if one.case == case} for case in _cases(measured)}
    failed = sum(sum(one.errors.values()) for one in measured)

    def over(
        which: Callable[[Case], bool], figure: Callable[[dict[str, Measured]], float]
    ) -> dict[str, float]:
        return {case.title: figure(found) for case, found in cases.items() if which(case)}

    submits = over(lambda case: case.submit and not case.stack, lambda found: _rate(found, "node"))
    beside_go = over(lambda case: case.submit and not case.stack, lambda found: _rate(found, "go"))
    stack_node = over(lambda case: case.stack and case.submit, lambda found: _rate(found, "node"))
    stack_go = over(lambda case: case.stack and case.submit, lambda found: _rate(found, "go"))
    waits = over(
        lambda case: not case.stack and not case.replay,
        lambda found: found["py"].p50.median / min(found[other].p50.median for other in ("node", "go")),
    )
    replayed = over(lambda case: case.replay > 0, lambda found: found["py"].rate.median)
    return [
        *_at_least("submits/s, Python to Node", submits, NODE_RATE),
        *_at_least("submits/s, Python to Go", beside_go, GO_RATE),
        *_at_most("p50, Python to the better of Node and Go", waits, 1.0),
        *_at_least("stack, submits/s, Python to Node", stack_node, NODE_RATE),
        *_at_least("stack, submits/s, Python to Go", stack_go, GO_STACK_RATE),
        *_at_least("events replayed per second", replayed, EVENTS_PER_SECOND),
        Verdict("no transaction fails", f"{failed} failed", failed == 0),
    ]


def _cases(measured: Sequence[Measured]) -> list[Case]:
    return list(dict.fromkeys(one.case for one in measured))


def _rate(found: dict[str, Measured], other: str) -> float:
    beside = found[other].rate.median
    return found["py"].rate.median / beside if beside else float("inf")


def _at_least(goal: str, figures: dict[str, float], bound: float) -> Iterator[Verdict]:
    for case, figure in figures.items():
        yield Verdict(f"{goal} >= {bound:g}", f"{figure:.2f} ({case})", figure >= bound)


def _at_most(goal: str, figures: dict[str, float], bound: float) -> Iterator[Verdict]:
    for case, figure in figures.items():
        yield Verdict(f"{goal} <= {bound:g}", f"{figure:.2f} ({case})", figure <= bound)
