"""Measure what the README states: `make bench`. Medians with range; ``--json`` for programs.

The network is a fresh one in a temporary folder, on ports of its own; the binaries are there already.
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
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from carechannel.consents import draft

from tests.scenarios.conftest import Network, free_port_base
from tests.scenarios.people import CUSTODIAN, READER, Patient, new_patient, observation
from tests.scenarios.processes import processes_of


@dataclass(frozen=True)
class Figure:
    """A measured quantity: median, smallest and largest of its samples."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    samples: int
    target: float

    @classmethod
    def of(cls, name: str, unit: str, samples: list[float], target: float) -> Figure:
        return cls(name, unit, statistics.median(samples), min(samples), max(samples), len(samples), target)

    def line(self) -> str:
        verdict = "ok" if self.median <= self.target else "over"
        spread = f"{self.low:.1f} - {self.high:.1f}"
        return f"{self.name:<42}{self.median:>8.1f} {self.unit:<3}{spread:>17}{self.target:>7.0f} {verdict}"


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


async def milliseconds(action: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await action()
    return 1000 * (time.perf_counter() - start)


def lifecycle(network: Network, repeats: int) -> list[Figure]:
    """Start from nothing, stop, start again, and `up` when all is up."""
    fresh, again, idle = [], [], []
    for run in range(repeats):
        if run:
            network.must("clean", "--force")
        fresh.append(seconds(lambda: network.must("up")))
        network.must("down")
        again.append(seconds(lambda: network.must("up")))
        idle.append(seconds(lambda: network.must("up")))
    return [
        Figure.of("network from nothing to ready", "s", fresh, 30),
        Figure.of("network from `make down` to ready", "s", again, 10),
        Figure.of("`make up` when up", "s", idle, 2),
    ]


async def sharing(network: Network, folder: Path, rounds: int) -> list[Figure]:
    """One submit with its commit status; one request until the plaintext is there."""
    patient: Patient = await new_patient(network, folder / "wallet")
    consent = draft(patient.handle, institutions=[READER])
    async with patient.connected() as home:
        await home.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
    async with network.consortium("hospital-a", "registrar") as consortium:
        await consortium.records.publish(patient.handle, observation())
    code = patient.wallet.code()
    submits, shares = [], []
    async with network.consortium("hospital-b", "practitioner") as consortium:

        async def request() -> None:
            await consortium.access.request(code, custodian=CUSTODIAN)

        async def share() -> None:
            asked = await consortium.access.request(code, custodian=CUSTODIAN)
            outcome = await consortium.access.outcome(asked)
            (record,) = await consortium.records.open(asked, outcome)
            if record.data != observation():
                raise RuntimeError("the record came with other bytes")

        for _ in range(5):
            await share()
        for _ in range(rounds):
            submits.append(await milliseconds(request))
            shares.append(await milliseconds(share))
    return [
        Figure.of("submit with commit status", "ms", submits, 120),
        Figure.of("request to plaintext at hospital B", "ms", shares, 300),
    ]


def idling(network: Network, period: float) -> list[Figure]:
    """Resident memory of all processes and the share of one core that they use with nothing to do."""
    processes = processes_of(network)
    memory = sum(process.memory_info().rss for process in processes) / 2**20
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    time.sleep(period)
    used = sum(sum(process.cpu_times()[:2]) for process in processes) - before
    return [
        Figure.of("resident memory of the network", "MiB", [memory], 2048),
        Figure.of("idle CPU of the network, of one core", "%", [100 * used / period], 15),
    ]


def machine() -> str:
    peer = subprocess.run(["uname", "-sr"], capture_output=True, text=True, check=True).stdout.strip()
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {peer}, Python {sys.version.split()[0]}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--repeats", type=int, default=3, help="starts of the network (default 3)")
    options.add_argument("--rounds", type=int, default=50, help="requests (default 50)")
    options.add_argument("--idle", type=float, default=30, help="seconds of idling (default 30)")
    options.add_argument("--json", action="store_true", help="for programs")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="carechannel-bench-") as work:
        network = Network("bench", Path(work), free_port_base())
        try:
            figures = lifecycle(network, chosen.repeats)
            figures += idling(network, chosen.idle)
            figures += asyncio.run(sharing(network, Path(work), chosen.rounds))
        finally:
            network.command("clean", "--force")
    if chosen.json:
        print(json.dumps({"machine": machine(), "figures": [asdict(figure) for figure in figures]}))
        return
    print(f"{machine()}\n\n{'':<42}{'median':>8}    {'range':>17}{'target':>7}")
    for figure in figures:
        print(figure.line())


if __name__ == "__main__":
    main()
