"""Measure Python, Node and Go chaincode side by side.

One fresh network, the same contract in each language on the same channel, one client (in Go) for all,
rounds in which the languages take turns. Figures are medians of the rounds. CPU is that of the contract's
processes of both members, for each transaction; MiB is the resident memory of the larger one. All three use
their contract API. Go writes many keys in a batch, as Python does by itself; Node has no batch.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from fabric_network.errors import NetworkError

from bench.chaincode.cases import CASES, Case
from bench.chaincode.client import Client, ClientError, connected
from bench.chaincode.machine import machine
from bench.chaincode.network import running
from bench.chaincode.processes import Processes
from bench.chaincode.programs import provide
from bench.chaincode.report import soaked, table, verdicts
from bench.chaincode.rounds import Bench
from bench.chaincode.soak import soak
from tests.npm import NpmError
from tests.scenarios.conftest import free_port_base


def main() -> int:
    """Exit code 0: measured, whatever the figures are; 1: it could not be measured."""
    chosen = _options().parse_args()
    wanted = [case for case in CASES if chosen.only in case.title]
    try:
        with _measuring(chosen.ports) as (client, processes):
            if chosen.soak:
                _soak(client, processes, chosen.soak, as_json=chosen.json)
            else:
                _compare(client, processes, wanted, chosen)
    except (NetworkError, NpmError, ClientError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m bench.chaincode", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="2 rounds of 1 s each: a few minutes in all")
    options.add_argument("--rounds", type=int, help="rounds of each case and language (default 5)")
    options.add_argument("--seconds", type=float, help="length of a round (default 8)")
    options.add_argument("--only", default="", metavar="TEXT", help="only cases with TEXT in their name")
    options.add_argument("--soak", type=int, metavar="N", help="instead: N transactions, and the memory")
    options.add_argument("--ports", type=int, help="first port of the network (default: a free range)")
    options.add_argument("--json", action="store_true", help="for programs")
    return options


@contextmanager
def _measuring(ports: int | None) -> Iterator[tuple[Client, Processes]]:
    programs = provide(_say)
    with (
        tempfile.TemporaryDirectory(prefix="carechannel-bench-") as folder,
        running(programs, Path(folder), ports or free_port_base(), _say) as network,
        connected([str(programs.go_client)], network) as client,
    ):
        yield client, Processes(network)


def _compare(client: Client, processes: Processes, cases: list[Case], chosen: argparse.Namespace) -> None:
    bench = Bench(client, processes)
    bench.warm_up(CASES[0])
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    seconds = chosen.seconds or (1.0 if chosen.quick else 8.0)
    measured = bench.measure(cases, rounds, seconds, _say)
    held = verdicts(measured)
    if chosen.json:
        document = {
            "machine": machine(),
            "rounds": rounds,
            "seconds": seconds,
            "measured": [asdict(one) for one in measured],
            "targets": [asdict(one) for one in held],
        }
        print(json.dumps(document))
        return
    print(f"{machine()}; {rounds} rounds of {seconds:g} s\n")
    for line in table(measured):
        print(line)
    print()
    for one in held:
        print(f"{'met   ' if one.met else 'MISSED'}  {one.target}: {one.worst}")


def _soak(client: Client, processes: Processes, count: int, *, as_json: bool) -> None:
    found = soak(client, processes, count, _say)
    if as_json:
        print(json.dumps({"machine": machine(), **asdict(found), "growth": found.growth, "flat": found.flat}))
        return
    print(machine())
    for line in soaked(found):
        print(line)


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
