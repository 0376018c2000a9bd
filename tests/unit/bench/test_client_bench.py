"""The client bench: what it asks for is fair, and what it says of the figures is so."""

from __future__ import annotations

import os

import pytest

from bench.chaincode.client import Outcome, Round
from bench.chaincode.rounds import Spread
from bench.client.cases import CASES, CLIENTS, LOADS, Case
from bench.client.report import table, verdicts
from bench.client.rounds import Bench, Measured

SUBMIT = next(case for case in CASES if case.title == "submit, 64")
STACK = next(case for case in CASES if case.title == "stack submit, 64")
EVALUATE = next(case for case in CASES if case.title == "evaluate, 1")
EVENTS = next(case for case in CASES if case.replay)


class Script:
    """Stands in for a client: notes the rounds, each of a second and 10 transactions."""

    pid = os.getpid()

    def __init__(self, name: str, order: list[tuple[str, Round]]) -> None:
        self._name = name
        self._order = order

    def run(self, wanted: Round) -> Outcome:
        self._order.append((self._name, wanted))
        return Outcome(10, 1.0, 5.0, 9.0, wanted.first + 10, {"lost": 1}, "")


def measured(case: Case, client: str, rate: float, p50: float = 1.0) -> Measured:
    spread = Spread.of([rate])
    return Measured(case, client, spread, Spread.of([p50]), Spread.of([p50]), spread, 40.0, {})


def by_rates(case: Case, py: float, node: float, go: float) -> list[Measured]:
    return [measured(case, "py", py), measured(case, "node", node), measured(case, "go", go)]


def test_all_clients_call_the_same_chaincode_but_in_a_stack() -> None:
    called = {client: SUBMIT.round(client, seconds=1, first=0).chaincode for client in CLIENTS}
    assert set(called.values()) == {"bench-go"}
    stacked = [STACK.round(client, seconds=1, first=0).chaincode for client in CLIENTS]
    assert stacked == ["bench-py", "bench-node", "bench-go"]


def test_the_loads_are_those_of_the_goals() -> None:
    for name in ("evaluate", "submit"):
        assert tuple(case.in_flight for case in CASES if case.name == name) == LOADS == (1, 16, 64, 256)


def test_clients_take_turns_and_no_number_comes_twice() -> None:
    order: list[tuple[str, Round]] = []
    bench = Bench({name: Script(name, order) for name in CLIENTS})  # type: ignore[dict-item, misc]
    (one, *_) = bench.measure([SUBMIT], rounds=3, seconds=1, progress=lambda _: None)
    assert [name for name, _ in order] == ["py", "node", "go", "node", "go", "py", "go", "py", "node"]
    firsts = [wanted.first for _, wanted in order]
    assert firsts == list(range(0, 90, 10))
    assert one.errors == {"lost": 3}


@pytest.mark.parametrize(
    ("figures", "goal", "met"),
    [
        (by_rates(SUBMIT, 160, 100, 170), "submits/s, Python to Node >= 1.6", True),
        (by_rates(SUBMIT, 159, 100, 170), "submits/s, Python to Node >= 1.6", False),
        (by_rates(SUBMIT, 90, 50, 100), "submits/s, Python to Go >= 0.9", True),
        (by_rates(SUBMIT, 89, 50, 100), "submits/s, Python to Go >= 0.9", False),
        (by_rates(STACK, 85, 50, 100), "stack, submits/s, Python to Go >= 0.85", True),
        (by_rates(STACK, 84, 50, 100), "stack, submits/s, Python to Go >= 0.85", False),
        (by_rates(STACK, 84, 60, 100), "stack, submits/s, Python to Node >= 1.6", False),
        (by_rates(EVENTS, 5000, 1, 1), "events replayed per second >= 5000", True),
        (by_rates(EVENTS, 4999, 1, 1), "events replayed per second >= 5000", False),
    ],
)
def test_goals(figures: list[Measured], goal: str, met: bool) -> None:
    (verdict,) = [verdict for verdict in verdicts(figures) if verdict.target == goal]
    assert verdict.met is met


def test_the_median_wait_is_held_against_the_better_of_the_others() -> None:
    figures = [measured(EVALUATE, "py", 1, 2.0), measured(EVALUATE, "node", 1, 3.0)]
    goal = "p50, Python to the better of Node and Go <= 1"
    (verdict,) = [one for one in verdicts([*figures, measured(EVALUATE, "go", 1, 1.9)]) if one.target == goal]
    assert not verdict.met
    (verdict,) = [one for one in verdicts([*figures, measured(EVALUATE, "go", 1, 2.0)]) if one.target == goal]
    assert verdict.met


def test_the_table_fits_and_names_failures() -> None:
    figures = by_rates(SUBMIT, 100, 50, 100)
    failing = Measured(SUBMIT, "go", *([Spread.of([1.0])] * 4), 1.0, {"MVCC_READ_CONFLICT": 2})
    lines = list(table([*figures[:2], failing]))
    assert "2.00" in lines[1]
    assert lines[-1] == "  go: 2 failed: MVCC_READ_CONFLICT"
    assert max(map(len, lines)) <= 100
