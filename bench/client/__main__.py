"""Measure the Python, Node and Go clients of the Fabric Gateway side by side.

One fresh network; every client in one process, at the same peer, in turns. The chaincode is the one in Go for
all; in the cases named `stack` it is the one in the client's own language. Figures are medians of the rounds.
CPU is that of the client's process for each transaction, MiB its resident memory.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from fabric_network.errors import NetworkError

from bench.chaincode.client import Client, ClientError, connected
from bench.chaincode.machine import machine
from bench.chaincode.network import running
from bench.chaincode.programs import provide
from bench.client.cases import CASES, prepare
from bench.client.report import table, verdicts
from bench.client.rounds import Bench
from tests.npm import NODE, NpmError, installed
from tests.scenarios.conftest import free_port_base

HERE = Path(__file__).parent
NODE_FILES = ("package.json", "package-lock.json", "client.js")


def main() -> int:
    """Exit code 0: measured, whatever the figures are; 1: it could not be measured."""
    chosen = _options().parse_args()
    cases = [case for case in CASES if chosen.only in case.title]
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    seconds = chosen.seconds or (1.0 if chosen.quick else 8.0)
    try:
        with _clients(chosen.ports) as clients:
            prepare(clients["go"])
            bench = Bench(clients)
            bench.warm_up([case for case in cases if not case.replay][:1])
            measured = bench.measure(cases, rounds, seconds, _say)
    except (NetworkError, NpmError, ClientError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    held = verdicts(measured)
    if chosen.json:
        document = {
            "machine": machine(),
            "rounds": rounds,
            "seconds": seconds,
            "measured": [asdict(one) for one in measured],
            "goals": [asdict(one) for one in held],
        }
        print(json.dumps(document))
        return 0
    print(f"{machine()}; {rounds} rounds of {seconds:g} s\n")
    for line in table(measured):
        print(line)
    print()
    for one in held:
        print(f"{'met   ' if one.met else 'MISSED'}  {one.target}: {one.worst}")
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m bench.client", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="2 rounds of 1 s each")
    options.add_argument("--rounds", type=int, help="rounds of each case and client (default 5)")
    options.add_argument("--seconds", type=float, help="length of a round (default 8)")
    options.add_argument("--only", default="", metavar="TEXT", help="only cases with TEXT in their name")
    options.add_argument("--ports", type=int, help="first port of the network (default: a free range)")
    options.add_argument("--json", action="store_true", help="for programs")
    return options


@contextmanager
def _clients(ports: int | None) -> Iterator[dict[str, Client]]:
    programs = provide(_say)
    node_client = installed([HERE / "node" / name for name in NODE_FILES], _say) / "client.js"
    commands = {
        "py": [sys.executable, "-m", "bench.client.python_client"],
        "node": [str(NODE), str(node_client)],
        "go": [str(programs.go_client)],
    }
    with (
        tempfile.TemporaryDirectory(prefix="carechannel-bench-") as folder,
        running(programs, Path(folder), ports or free_port_base(), _say) as network,
        ExitStack() as stack,
    ):
        yield {name: stack.enter_context(connected(command, network)) for name, command in commands.items()}


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
