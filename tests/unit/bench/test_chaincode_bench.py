"""The chaincode bench: what it asks for is fair, and what it says of the figures is so."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from bench.chaincode.cases import CASES, UPDATED_KEYS, Case
from bench.chaincode.client import Client, ClientError, Outcome, Round
from bench.chaincode.network import LANGUAGES
from bench.chaincode.report import soaked, table, verdicts
from bench.chaincode.rounds import Bench, Measured, Sample
from bench.chaincode.soak import Soak

READ = next(case for case in CASES if case.title == "read, evaluate, 1")
CREATE = next(case for case in CASES if case.title == "create 100 B, submit, 64")


class Script:
    """Stands in for client and processes: notes the rounds, each of a second and 10 transactions."""

    def __init__(self, errors: dict[str, int] | None = None) -> None:
        self.rounds: list[Round] = []
        self.errors = errors or {}
        self.used = 0.0

    def run(self, wanted: Round) -> Outcome:
        self.rounds.append(wanted)
        self.used += 0.02
        return Outcome(10, 1.0, 5.0, 9.0, wanted.first + 10, self.errors, "")

    def cpu(self, _language: str) -> float:
        return self.used

    def memory(self, _language: str) -> float:
        return 40.0


def measured(case: Case, language: str, rate: float, p50: float = 1.0, errors: int = 0) -> Measured:
    found = {"code": errors} if errors else {}
    return Measured.of(case, language, [Sample(rate, p50, 2 * p50, 0.5, 30.0, found)])


def by_rates(case: Case, py: float, node: float, go: float) -> list[Measured]:
    return [measured(case, "py", py), measured(case, "node", node), measured(case, "go", go)]


def test_every_case_that_writes_takes_keys_that_no_other_transaction_has() -> None:
    for case in CASES:
        if case.submit:
            assert "{n}" in case.arguments[0], case.title
            assert case.modulo in {0, UPDATED_KEYS}
            assert case.in_flight * 10 < UPDATED_KEYS


def test_languages_take_turns_and_numbers_go_on() -> None:
    script = Script()
    found = Bench(script, script).measure([CREATE], 3, 1.0, lambda _: None)  # type: ignore[arg-type]
    order = [one.chaincode.removeprefix("bench-") for one in script.rounds]
    assert order == ["py", "node", "go", "node", "go", "py", "go", "py", "node"]
    for language in LANGUAGES:
        firsts = [one.first for one in script.rounds if one.chaincode == f"bench-{language}"]
        assert firsts == [0, 10, 20]
    assert [one.cpu.median for one in found] == pytest.approx([2.0, 2.0, 2.0])


def test_a_median_and_its_range_are_those_of_the_rounds() -> None:
    samples = [Sample(rate, 1, 2, 3, memory, {"x": 1}) for rate, memory in ((10, 1), (30, 5), (20, 3))]
    found = Measured.of(READ, "py", samples)
    assert (found.rate.median, found.rate.low, found.rate.high) == (20, 10, 30)
    assert (found.memory, found.errors) == (5, {"x": 3})


def test_the_table_gives_pythons_ratios_and_every_failure() -> None:
    rows = list(table([*by_rates(CREATE, 90, 60, 100), replace(measured(READ, "go", 1), errors={"gone": 2})]))
    assert rows[1].split()[-2:] == ["0.90", "1.50"]
    assert rows[2].split()[0] == "node"
    assert rows[-1].strip() == "go: 2 failed: gone"
    assert max(map(len, rows[:-1])) <= 110


def held(*found: Measured) -> dict[str, bool]:
    return {one.target: one.met for one in verdicts(found)}


@pytest.mark.parametrize(
    ("py", "node", "go", "expected"),
    [(100, 100, 100, (True, True)), (84, 100, 100, (False, False)), (86, 100, 100, (False, True))],
)
def test_rates_are_held_against_node_and_go(
    py: float, node: float, go: float, expected: tuple[bool, bool]
) -> None:
    targets = held(*by_rates(CREATE, py, node, go))
    node_target, go_target = list(targets)[:2]
    assert "Python to Node" in node_target
    assert "Python to Go" in go_target
    assert (targets[node_target], targets[go_target]) == expected


def test_an_evaluate_is_held_against_gos_latency() -> None:
    (late,) = (target for target in held(*by_rates(READ, 1, 1, 1)) if "behind Go" in target)
    go, node = measured(READ, "go", 1, 1.0), measured(READ, "node", 1)
    assert held(measured(READ, "py", 1, 1.5), node, go)[late]
    assert not held(measured(READ, "py", 1, 1.6), node, go)[late]


def test_one_failed_transaction_is_a_target_missed() -> None:
    assert held(measured(READ, "go", 1))["no transaction fails"]
    assert not held(measured(READ, "go", 1, errors=1))["no transaction fails"]


@pytest.mark.parametrize(("last", "flat"), [(105.0, True), (105.1, False), (90.0, True)])
def test_memory_may_grow_by_a_twentieth(last: float, flat: bool) -> None:
    found = Soak(1000, 0, (100.0, last), (1, 1), (1, 1), ())
    assert found.flat is flat
    (told,) = (line for line in soaked(found) if "memory grows" in line)
    assert told.startswith("met" if flat else "MISSED")


@pytest.mark.parametrize(("last", "steady"), [(85.0, True), (84.9, False), (120.0, True)])
def test_neither_kind_may_get_slower(last: float, steady: bool) -> None:
    for rates in (((100.0, last), (1, 1)), ((1, 1), (100.0, last))):
        found = Soak(1000, 0, (1, 1), *rates, ())
        assert found.steady is steady
        (told,) = (line for line in soaked(found) if "slower" in line)
        assert told.startswith("met" if steady else "MISSED")


def test_the_client_is_told_a_round_in_a_line_and_answers_in_one() -> None:
    answer = {"transactions": 1, "seconds": 2.0, "p50": 1, "p95": 1, "next": 4, "errors": {}, "result": "x"}
    commands = io.StringIO()
    client = Client(commands, io.StringIO(json.dumps(answer) + "\n"), pid=0)
    outcome = client.must(READ.round("py", seconds=1.0, first=3))
    assert (outcome.rate, outcome.next) == (0.5, 4)
    told = json.loads(commands.getvalue())
    assert (told["chaincode"], told["first"], told["submit"]) == ("bench-py", 3, False)
    with pytest.raises(ClientError, match="ended"):
        client.run(READ.round("py", seconds=1.0, first=3))


def test_a_failure_while_preparing_ends_the_bench() -> None:
    answer = {
        "transactions": 0,
        "seconds": 1,
        "p50": 0,
        "p95": 0,
        "next": 1,
        "errors": {"no": 1},
        "result": "",
    }
    client = Client(io.StringIO(), io.StringIO(json.dumps(answer) + "\n"), pid=0)
    with pytest.raises(ClientError, match=r"bench-py read: \{'no': 1\}"):
        client.must(READ.round("py", seconds=1.0, first=0))
