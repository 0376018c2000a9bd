"""The Python client of the measurements: what `bench/chaincode/go/client` is in Go, on `fabric_gateway`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvloop
from fabric_gateway import CommitError, Contract, FabricGatewayError, Identity, Network, connect, signers

from bench.chaincode.client import Outcome, Round

COUNTER = "{n}"


def main() -> int:
    """Serve rounds until the standard input ends."""
    told = _options()
    contents = [Path(file).read_bytes() for file in (told.root, told.certificate, told.key)]
    uvloop.run(_serve(told, *contents))
    return 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench.client.python_client", description=__doc__)
    for name in ("address", "name", "root", "msp", "certificate", "key", "channel"):
        options.add_argument(f"-{name}", required=True)
    return options.parse_args()


async def _serve(told: argparse.Namespace, root: bytes, certificate: bytes, key: bytes) -> None:
    async with await connect(
        address=told.address,
        tls_root_pem=root,
        server_name=told.name,
        identity=Identity(told.msp, certificate),
        signer=signers.ecdsa(key),
    ) as gateway:
        network = gateway.network(told.channel)
        while line := await asyncio.to_thread(sys.stdin.readline):
            wanted = Round(**json.loads(line))
            outcome = await (_replay(network, wanted) if wanted.replay else _drive(network, wanted))
            print(json.dumps(asdict(outcome)), flush=True)


@dataclass
class _Course:
    next: int
    took: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    result: bytes = b""

    def failed(self, error: FabricGatewayError) -> None:
        reason = error.code if isinstance(error, CommitError) else error.message
        self.errors[reason] = self.errors.get(reason, 0) + 1


async def _drive(network: Network, wanted: Round) -> Outcome:
    """Each worker takes the next number, does its transaction, and notes how long it took."""
    contract = network.contract(wanted.chaincode)
    course = _Course(wanted.first)
    started = time.perf_counter()
    end = started + wanted.seconds

    def more() -> bool:
        if wanted.count:
            return course.next < wanted.first + wanted.count
        return time.perf_counter() < end

    await asyncio.gather(*(_work(contract, wanted, course, more) for _ in range(wanted.in_flight)))
    seconds = time.perf_counter() - started
    course.took.sort()
    return Outcome(
        transactions=len(course.took),
        seconds=seconds,
        p50=_quantile(course.took, 0.50),
        p95=_quantile(course.took, 0.95),
        next=course.next,
        errors=course.errors,
        result=course.result.decode(),
    )


async def _work(contract: Contract, wanted: Round, course: _Course, more: Callable[[], bool]) -> None:
    call = contract.submit if wanted.submit else contract.evaluate
    transient = {name: value.encode() for name, value in wanted.transient.items()}
    while more():
        number, course.next = course.next, course.next + 1
        shown = str(number % wanted.modulo if wanted.modulo else number)
        began = time.perf_counter()
        try:
            course.result = await call(
                wanted.function,
                arguments=[argument.replace(COUNTER, shown) for argument in wanted.arguments],
                transient=transient,
            )
        except FabricGatewayError as error:
            course.failed(error)
        else:
            course.took.append(1000 * (time.perf_counter() - began))


async def _replay(network: Network, wanted: Round) -> Outcome:
    course = _Course(0)
    started = time.perf_counter()
    count = 0
    try:
        async with network.chaincode_events(wanted.chaincode, start_block=0) as events:
            async for event in events:
                count += 1
                if count == wanted.replay:
                    course.result = event.event_name.encode()
                    break
    except FabricGatewayError as error:
        course.failed(error)
    seconds = time.perf_counter() - started
    return Outcome(count, seconds, 0.0, 0.0, 0, course.errors, course.result.decode())


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


if __name__ == "__main__":
    sys.exit(main())
