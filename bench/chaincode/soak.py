"""Many transactions against the Python contract: does its memory stay where it was, does it stay as quick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.chaincode.cases import READ_KEYS, VALUE, prepare
from bench.chaincode.client import Client, Round
from bench.chaincode.network import chaincode
from bench.chaincode.processes import Processes

LANGUAGE = "py"
STEPS = 100
IN_FLIGHT = 64
GROWTH = 0.05
# Two tenths of one run differ by as much on a machine that is shared.
SLOWING = 0.15


@dataclass(frozen=True)
class Soak:
    """First and last tenth of the run: resident MiB of the largest process, tx/s of each kind."""

    transactions: int
    errors: int
    memory: tuple[float, float]
    evaluate: tuple[float, float]
    submit: tuple[float, float]
    samples: tuple[float, ...]

    @property
    def growth(self) -> float:
        """Of the memory, from the first tenth to the last."""
        return self.memory[1] / self.memory[0] - 1

    @property
    def flat(self) -> bool:
        return self.memory[1] <= self.memory[0] * (1 + GROWTH)

    @property
    def steady(self) -> bool:
        return all(last >= first * (1 - SLOWING) for first, last in (self.evaluate, self.submit))


def soak(client: Client, processes: Processes, count: int, progress: Callable[[str], None]) -> Soak:
    """`count` transactions in steps, in each as many evaluates as submits; the memory is read after each."""
    prepare(client, LANGUAGE)
    half = max(count // STEPS // 2, 1)
    memory, evaluates, submits, errors = [], [], [], 0
    for step in range(STEPS):
        read = client.run(_round("read", ("r{n}",), half, step, submit=False, modulo=READ_KEYS))
        write = client.run(_round("create", ("s{n}", VALUE), half, step, submit=True))
        errors += sum(read.errors.values()) + sum(write.errors.values())
        evaluates.append(read.rate)
        submits.append(write.rate)
        memory.append(processes.memory(LANGUAGE))
        if (step + 1) % (STEPS // 10) == 0:
            progress(f"{2 * half * (step + 1)} transactions, {memory[-1]:.1f} MiB")
    return Soak(2 * half * STEPS, errors, _ends(memory), _ends(evaluates), _ends(submits), tuple(memory))


def _round(
    function: str, arguments: tuple[str, ...], count: int, step: int, *, submit: bool, modulo: int = 0
) -> Round:
    return Round(
        chaincode(LANGUAGE),
        function,
        arguments,
        submit,
        IN_FLIGHT,
        count=count,
        first=step * count,
        modulo=modulo,
    )


def _ends(values: list[float]) -> tuple[float, float]:
    """The medians of the first and of the last tenth."""
    tenth = STEPS // 10
    return median(values[:tenth]), median(values[-tenth:])
