"""The measurement: each case in rounds, in each round every client, each time another one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from bench.chaincode.client import Client, Outcome
from bench.chaincode.rounds import Spread
from bench.client.cases import CLIENTS, Case

WARM_UP_SECONDS = 1.0
MIB = 2**20


@dataclass(frozen=True)
class Measured:
    """All rounds of one case and client.

    Rates are transactions (or events) per second, p50 and p95 milliseconds, `cpu` milliseconds of the
    client's process for each, `memory` its resident MiB at the end of the case.
    """

    case: Case
    client: str
    rate: Spread
    p50: Spread
    p95: Spread
    cpu: Spread
    memory: float
    errors: Mapping[str, int]


class Bench:
    """Runs rounds. The numbers in keys go on from round to round, so that no two transactions meet."""

    def __init__(self, clients: Mapping[str, Client]) -> None:
        self._clients = clients
        self._processes = {name: psutil.Process(client.pid) for name, client in clients.items()}
        self._next = 0

    def warm_up(self, cases: Sequence[Case]) -> None:
        """Run every client a little, so that connections stand and code is compiled."""
        for case in cases:
            for name in CLIENTS:
                self._run(case, name, WARM_UP_SECONDS)

    def measure(
        self, cases: Sequence[Case], rounds: int, seconds: float, progress: Callable[[str], None]
    ) -> list[Measured]:
        """All `cases`, each in `rounds` rounds of `seconds` for every client."""
        found = []
        for case in cases:
            outcomes: dict[str, list[tuple[Outcome, float]]] = {name: [] for name in CLIENTS}
            for number in range(rounds):
                turn = number % len(CLIENTS)
                for name in (*CLIENTS[turn:], *CLIENTS[:turn]):
                    before = self._cpu(name)
                    outcome = self._run(case, name, seconds)
                    outcomes[name].append((outcome, self._cpu(name) - before))
            measured = [self._measured(case, name, outcomes[name]) for name in CLIENTS]
            rates = ", ".join(f"{one.client} {one.rate.median:.0f}" for one in measured)
            progress(f"{case.title}: {rates} /s")
            found += measured
        return found

    def _measured(self, case: Case, name: str, outcomes: Sequence[tuple[Outcome, float]]) -> Measured:
        errors: dict[str, int] = {}
        for outcome, _ in outcomes:
            for reason, count in outcome.errors.items():
                errors[reason] = errors.get(reason, 0) + count
        return Measured(
            case,
            name,
            rate=Spread.of([outcome.rate for outcome, _ in outcomes]),
            p50=Spread.of([outcome.p50 for outcome, _ in outcomes]),
            p95=Spread.of([outcome.p95 for outcome, _ in outcomes]),
            cpu=Spread.of([1000 * cpu / max(outcome.transactions, 1) for outcome, cpu in outcomes]),
            memory=self._processes[name].memory_info().rss / MIB,
            errors=errors,
        )

    def _cpu(self, name: str) -> float:
        return sum(self._processes[name].cpu_times()[:2])

    def _run(self, case: Case, name: str, seconds: float) -> Outcome:
        outcome = self._clients[name].run(case.round(name, seconds=seconds, first=self._next))
        self._next = max(self._next, outcome.next)
        return outcome
