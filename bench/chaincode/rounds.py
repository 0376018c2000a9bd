"""The measurement: each case in rounds, in each round every language, each time another one first."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.chaincode.cases import Case, prepare
from bench.chaincode.client import Client, Outcome
from bench.chaincode.network import LANGUAGES
from bench.chaincode.processes import Processes

WARM_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Sample:
    """One round of one language. `cpu` is milliseconds of the contract's processes for each transaction."""

    rate: float
    p50: float
    p95: float
    cpu: float
    memory: float
    errors: Mapping[str, int]


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Measured:
    """All rounds of one case and language. Rates are transactions per second, p50 and p95 milliseconds."""

    case: str
    name: str
    submit: bool
    in_flight: int
    language: str
    rate: Spread
    p50: Spread
    p95: Spread
    cpu: Spread
    memory: float
    errors: Mapping[str, int]

    @classmethod
    def of(cls, case: Case, language: str, samples: Sequence[Sample]) -> Measured:
        errors: dict[str, int] = {}
        for sample in samples:
            for message, count in sample.errors.items():
                errors[message] = errors.get(message, 0) + count
        return cls(
            case=case.title,
            name=case.name,
            submit=case.submit,
            in_flight=case.in_flight,
            language=language,
            rate=Spread.of([sample.rate for sample in samples]),
            p50=Spread.of([sample.p50 for sample in samples]),
            p95=Spread.of([sample.p95 for sample in samples]),
            cpu=Spread.of([sample.cpu for sample in samples]),
            memory=max(sample.memory for sample in samples),
            errors=errors,
        )


class Bench:
    """Runs rounds. The numbers in keys go on from round to round, so that no two transactions meet."""

    def __init__(self, client: Client, processes: Processes) -> None:
        self._client = client
        self._processes = processes
        self._next = dict.fromkeys(LANGUAGES, 0)

    def warm_up(self, case: Case) -> None:
        """Prepare every language's ledger and run `case` a little on each."""
        for language in LANGUAGES:
            prepare(self._client, language)
            self._run(case, language, WARM_UP_SECONDS)

    def measure(
        self, cases: Sequence[Case], rounds: int, seconds: float, progress: Callable[[str], None]
    ) -> list[Measured]:
        """All `cases`, each in `rounds` rounds of `seconds` for every language."""
        found = []
        for case in cases:
            samples: dict[str, list[Sample]] = {language: [] for language in case.languages}
            for number in range(rounds):
                turn = number % len(case.languages)
                for language in (*case.languages[turn:], *case.languages[:turn]):
                    samples[language].append(self._sample(case, language, seconds))
            found += [Measured.of(case, language, samples[language]) for language in case.languages]
            rates = ", ".join(
                f"{one.language} {one.rate.median:.0f}" for one in found[-len(case.languages) :]
            )
            progress(f"{case.title} in flight: {rates} tx/s")
        return found

    def _sample(self, case: Case, language: str, seconds: float) -> Sample:
        before = self._processes.cpu(language)
        outcome = self._run(case, language, seconds)
        used = self._processes.cpu(language) - before
        return Sample(
            rate=outcome.rate,
            p50=outcome.p50,
            p95=outcome.p95,
            cpu=1000 * used / max(outcome.transactions, 1),
            memory=self._processes.memory(language),
            errors=outcome.errors,
        )

    def _run(self, case: Case, language: str, seconds: float) -> Outcome:
        outcome = self._client.run(case.round(language, seconds=seconds, first=self._next[language]))
        self._next[language] = outcome.next
        return outcome


def by_language(measured: Sequence[Measured], case: str) -> dict[str, Measured]:
    """What was measured of one case, by language."""
    return {one.language: one for one in measured if one.case == case}
