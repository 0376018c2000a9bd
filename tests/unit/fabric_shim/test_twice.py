"""Each transaction a second time, in another process: what differs there is named."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.contract import (
    BlockingContext,
    Context,
    Contract,
    ContractChaincode,
    to_json,
    transaction,
)
from fabric_shim.errors import NonDeterminismError, TransactionRefusedError, TwinError
from fabric_shim.stub import ChaincodeStub
from fabric_shim.testing import LedgerSimulator, TestIdentity, ValidationCode
from fabric_shim.testing.twin import Twin, the_twin

from tests.unit.fabric_shim.simulator_toy import Toy

SOMEBODY = TestIdentity.create("AMSP", "somebody")
UNSTEADY = "tests.unit.fabric_shim.simulator_toy:unsteady"
PRIVATE = "chaincode, collection _implicit_org_AMSP"


class Crashing(Toy):
    """Ends its process when it is the second one."""

    async def crash(self, _stub: ChaincodeStub) -> None:
        if os.environ["HOME"] == "/nonexistent":
            os._exit(4)


class Fails(Chaincode):
    """Can be made here only."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)

    async def invoke(self, stub: ChaincodeStub) -> Response:
        return Response.success()


@pytest.fixture
def ledger() -> LedgerSimulator:
    from tests.unit.fabric_shim.simulator_toy import unsteady

    return LedgerSimulator("ch", unsteady(), twice=UNSTEADY)


async def test_what_is_the_same_everywhere_passes(ledger: LedgerSimulator) -> None:
    for call in (
        ["put", "k", "l"],
        ["copy", "k", "m"],
        ["delete", "l"],
        ["count", "a", "z", "total"],
        ["protect", "k", ""],
        ["put_private", "_implicit_org_AMSP", "p"],
        ["get_private", "_implicit_org_AMSP", "p"],
        ["get_privates", "_implicit_org_AMSP", "p", "q"],
        ["private_hash", "_implicit_org_AMSP", "p"],
        ["list_private", "_implicit_org_AMSP"],
        ["purge_private", "_implicit_org_AMSP", "p"],
        ["emit", "e"],
        ["whoami"],
        ["fixed_time"],
    ):
        await ledger.submit(call[0], call[1:], creator=SOMEBODY, transient={"value": b"secret"})
    assert set(ledger.blocks[-1].codes) == {ValidationCode.VALID}
    assert ledger.state == {"k": b"v", "m": b"v", "total": b"2", "e": b"v"}


@pytest.mark.parametrize(
    ("function", "difference"),
    [
        ("hash_order", "the response's payload"),
        ("hash_value", "the writes of chaincode: 'hash'"),
        ("random_key", "the writes of chaincode: 'key-"),
        ("unique", f"the writes of {PRIVATE}: 'id'"),
        ("year", "the event's payload"),
        ("today", "the response's payload"),
        ("clock", "the reads of chaincode: 'key-"),
        ("local_time", "the response's payload"),
        ("year_in_text", "the response's payload"),
        ("seconds", "the response's payload"),
        ("host", "the response's payload"),
        ("user", "the response's payload"),
        ("made", "the response's payload"),
        ("environment", "the response's payload"),
    ],
)
async def test_what_differs_between_peers(ledger: LedgerSimulator, function: str, difference: str) -> None:
    with pytest.raises(NonDeterminismError) as error:
        await ledger.submit(function, creator=SOMEBODY)
    assert error.value.differences[0].startswith(difference)
    assert str(error.value).startswith(f"{function} gives different results")
    assert ledger.blocks == ()


@pytest.mark.parametrize("function", ["object_counter", "module_counter"])
async def test_what_a_process_remembers_shows_at_once(function: str, ledger: LedgerSimulator) -> None:
    with pytest.raises(NonDeterminismError, match="the response's payload"):
        await ledger.evaluate(function, creator=SOMEBODY)


async def test_values_are_not_shown(ledger: LedgerSimulator) -> None:
    with pytest.raises(NonDeterminismError) as error:
        await ledger.submit("hash_value", creator=SOMEBODY)
    assert str(hash("text")) not in str(error.value)


async def test_refusals_are_compared_too(ledger: LedgerSimulator) -> None:
    with pytest.raises(TransactionRefusedError, match="internal error"):
        await ledger.submit("no_such_function", creator=SOMEBODY)


async def test_refused_requests_are_the_same_there(ledger: LedgerSimulator) -> None:
    with pytest.raises(TransactionRefusedError, match="internal error"):
        await ledger.submit("get_private", ["typo", "k"], creator=SOMEBODY)


async def test_called_chaincodes_run_twice_too(ledger: LedgerSimulator) -> None:
    from tests.unit.fabric_shim.simulator_toy import unsteady

    ledger.deploy("two", unsteady(), target=UNSTEADY)
    await ledger.submit("call", ["two", "", "put", "k"], creator=SOMEBODY)
    await ledger.submit("call", ["two", "", "copy", "k", "l"], creator=SOMEBODY)
    with pytest.raises(NonDeterminismError, match="the writes of two: 'hash'"):
        await ledger.submit("call", ["two", "", "hash_value"], creator=SOMEBODY)
    answer = await ledger.submit("call", ["three", "", "put", "k"], creator=SOMEBODY)
    assert answer.payload.startswith(b"500 ")


async def test_several_peers_each_run_it_twice(ledger: LedgerSimulator) -> None:
    await ledger.submit("put", ["k"], creator=SOMEBODY, endorsers=["AMSP", "BMSP"])
    with pytest.raises(NonDeterminismError):
        await ledger.submit("hash_order", creator=SOMEBODY, endorsers=["AMSP", "BMSP"])


@pytest.fixture
def own_twin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    twin = Twin()
    monkeypatch.setattr("fabric_shim.testing.simulator.the_twin", lambda: twin)
    yield twin
    twin.close()


async def test_a_pickled_chaincode(own_twin: Twin) -> None:
    ledger = LedgerSimulator("ch", Toy(), twice=True)
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    assert ledger.state == {"k": b"v"}
    own_twin.close()
    own_twin.close()


class Dated(Contract):
    def __init__(self, text: str = "") -> None:
        self.text = text
        self.made = time.time()

    @transaction
    async def keep(self, ctx: Context, when: datetime, day: date, price: Decimal, ratio: float) -> object:
        day = max(day, ctx.stub.get_tx_timestamp().date())
        value = {"when": when, "day": day, "price": price, "zone": when.astimezone(UTC), "text": self.text}
        await ctx.stub.put_state("k", to_json(value))
        return {**value, "valid": ctx.identity.certificate.not_valid_after_utc}

    @transaction
    def born(self, ctx: BlockingContext) -> int:
        return int(self.made)


async def test_a_contract_chaincode_is_made_anew_there(own_twin: Twin) -> None:
    ledger = LedgerSimulator("ch", ContractChaincode(Dated(text="ü"), version="1"), twice=True)
    arguments = ["2026-01-02T03:04:05+02:00", "2025-01-01", "1.50", "0.1"]
    answer = await ledger.submit("Dated:keep", arguments, creator=SOMEBODY)
    assert b'"day":"2026-01-01"' in answer.payload
    with pytest.raises(NonDeterminismError, match="the response's payload"):
        await ledger.submit("born", creator=SOMEBODY)


async def test_a_crash_of_the_second_process_is_told(own_twin: Twin) -> None:
    ledger = LedgerSimulator("ch", Crashing(), twice=True)
    with pytest.raises(TwinError, match="crashed"):
        await ledger.submit("crash", creator=SOMEBODY)
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    assert own_twin._process is not None
    own_twin._process.kill()
    for _ in range(2):
        with pytest.raises(TwinError, match="has ended"):
            await ledger.submit("put", ["k"], creator=SOMEBODY)
    again = LedgerSimulator("ch", Crashing(), twice=True)
    await again.submit("put", ["k"], creator=SOMEBODY)


def test_chaincodes_that_the_second_process_cannot_have() -> None:
    class Local(Toy):
        pass

    with pytest.raises(TwinError, match="cannot be pickled"):
        LedgerSimulator("ch", Local(), twice=True)
    with pytest.raises(TwinError, match="cannot be made for the second run: ValueError"):
        LedgerSimulator("ch", Fails(), twice=True)
    with pytest.raises(TwinError, match="no_such"):
        LedgerSimulator("ch", Toy(), twice="tests.unit.fabric_shim.simulator_toy:no_such")


def test_another_hash_seed_even_when_one_is_set() -> None:
    program = (
        "import asyncio\n"
        "from fabric_shim.errors import NonDeterminismError\n"
        "from fabric_shim.testing import LedgerSimulator, TestIdentity\n"
        "from tests.unit.fabric_shim.simulator_toy import unsteady\n"
        f"ledger = LedgerSimulator('ch', unsteady(), twice='{UNSTEADY}')\n"
        "try:\n"
        "    asyncio.run(ledger.submit('hash_value', creator=TestIdentity.create('AMSP', 'x')))\n"
        "except NonDeterminismError as error:\n"
        "    print(error.differences)\n"
    )
    for seed in ("1789", "0"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert "'hash'" in done.stdout, done.stderr


def test_one_process_serves_a_test_session() -> None:
    assert the_twin() is the_twin()
