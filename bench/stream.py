"""Measure a chaincode server against a scripted peer, without a network: ``python -m bench.stream``.

The peer is a process of its own (``stream_peer``, Go, built at first use) and answers at once, so that
what is seen is the server: transactions per second, median latency, CPU time of its process per transaction.
Another server, such as fabric-shim for Node, is measured beside ours with ``--server NAME=COMMAND``; the
command finds the address in ``CHAINCODE_SERVER_ADDRESS`` and serves the functions of
``bench.stream_chaincode``.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from fabric_network.errors import NetworkError

from bench.chaincode.programs import node_contract, stream_peer
from tests.npm import NODE, NpmError

FOLDER = Path(__file__).parent
WORKLOADS = "empty:0,put:1,get:1,put:100,get:100"
OURS = f"{shlex.quote(sys.executable)} {shlex.quote(str(FOLDER / 'stream_chaincode.py'))}"


@dataclass
class Figures:
    """All rounds of one workload on one server; the median and the range are shown."""

    server: str
    workload: str
    in_flight: int
    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def line(self) -> str:
        per_second, p50, cpu = (_spread(each) for each in (self.per_second, self.p50_ms, self.cpu_ms))
        return f"{self.workload:<18}{self.in_flight:>5}  {self.server:<12}{per_second:>26}{p50:>26}{cpu:>22}"


def _spread(samples: Sequence[float]) -> str:
    middle, low, high = statistics.median(samples), min(samples), max(samples)
    digits = 0 if middle >= 100 else 3
    return f"{middle:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


@contextmanager
def serving(command: str, port: int) -> Iterator[psutil.Process]:
    environment = os.environ | {
        "CHAINCODE_ID": "bench:1",
        "CHAINCODE_SERVER_ADDRESS": f"127.0.0.1:{port}",
        "CHAINCODE_TLS_DISABLED": "true",
    }
    process = psutil.Popen(
        shlex.split(command), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def measure(
    peer: Path, port: int, process: psutil.Process, options: argparse.Namespace
) -> Iterator[dict[str, float]]:
    """One round of all workloads; CPU time is that of the server and its children."""
    command = [peer, "-address", f"127.0.0.1:{port}", "-workloads", options.workloads]
    command += [
        "-in-flight",
        options.in_flight,
        "-seconds",
        str(options.seconds),
        "-batch",
        str(options.batch),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        before = _cpu(process)
        for line in running.stdout:
            after = _cpu(process)
            measured = json.loads(line)
            yield measured | {"cpu_ms": 1000 * (after - before) / measured["transactions"]}
            before = after
    if running.returncode:
        raise SystemExit("The peer failed; its message is above.")


def _cpu(process: psutil.Process) -> float:
    processes = [process, *process.children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in processes)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--server", action="append", default=[], metavar="NAME=COMMAND", help="one more server"
    )
    parser.add_argument(
        "--node", action="store_true", help="fabric-shim for Node beside it, fetched if need be"
    )
    parser.add_argument("--workloads", default=WORKLOADS, help=f"function:count, ... ({WORKLOADS})")
    parser.add_argument("--in-flight", default="1,64,256", help="transactions in flight, ... (1,64,256)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a measurement (2)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument(
        "--batch", type=int, default=0, help="what the peer announces: 0 as Fabric 2.5, 1000 as 3.1"
    )
    parser.add_argument("--port", type=int, default=21100, help="first of the ports (21100)")
    parser.add_argument("--json", action="store_true", help="all samples as JSON")
    options = parser.parse_args()
    servers = {"python": OURS} | dict(each.split("=", 1) for each in options.server)
    try:
        if options.node:
            servers["node"] = shlex.join([str(NODE), str(node_contract(_say) / "stream.js")])
        peer = stream_peer(_say)
    except (NetworkError, NpmError) as error:
        sys.exit(f"Error: {error}")
    figures: dict[tuple[str, int, str], Figures] = {}
    for _ in range(options.rounds):
        for number, (name, command) in enumerate(servers.items()):
            port = options.port + number
            with serving(command, port) as process:
                for measured in measure(peer, port, process, options):
                    workload = f"{measured['function']} {measured['count']}"
                    key = (workload, int(measured["in_flight"]), name)
                    of = figures.setdefault(key, Figures(name, workload, key[1]))
                    of.per_second.append(measured["transactions_per_second"])
                    of.p50_ms.append(measured["p50_ms"])
                    of.cpu_ms.append(measured["cpu_ms"])
    if options.json:
        print(json.dumps([asdict(each) for each in figures.values()], indent=1))
        return
    print(f"{'workload':<18}{'k':>5}  {'server':<12}{'transactions/s':>26}{'p50 ms':>26}{'CPU ms each':>22}")
    for each in figures.values():
        print(each.line())


if __name__ == "__main__":
    main()
