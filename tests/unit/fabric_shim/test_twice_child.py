"""The other side of the second run, here in this process: what it takes, asks and answers; its clock."""

from __future__ import annotations

import datetime
import pickle
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe

import pytest
from fabric_shim.chaincode import run_to_end
from fabric_shim.stub import Invocation
from fabric_shim.testing import LedgerSimulator, TestIdentity, twin_child, twin_clock

from tests.unit.fabric_shim.simulator_toy import Toy

SOMEBODY = TestIdentity.create("AMSP", "somebody")
ANSWER_SECONDS = 20


@pytest.fixture
def ends() -> Iterator[tuple[Connection, Connection]]:
    here, there = Pipe()
    with here, there:
        yield here, there


def invocation(function: str, *arguments: str) -> Invocation:
    args = tuple(argument.encode() for argument in (function, *arguments))
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return Invocation("tx", "ch", args, SOMEBODY.creator, moment, {}, b"")


def received(connection: Connection) -> tuple[object, ...]:
    assert connection.poll(ANSWER_SECONDS)
    message = connection.recv()
    assert isinstance(message, tuple)
    return message


def test_it_asks_for_everything_of_the_ledger(ends: tuple[Connection, Connection]) -> None:
    here, there = ends
    run = twin_child.Run(there, {1: Toy(), 2: Toy()})
    calling = invocation("call", "other", "", "get", "k")
    thread = threading.Thread(target=lambda: run_to_end(run.run(1, calling)), daemon=True)
    thread.start()
    kind, method, args = received(here)
    assert (kind, method) == ("ask", "invoke_chaincode")
    assert isinstance(args, tuple)
    assert list(args) == ["other", "", [b"get", b"k"]]
    here.send(("run", 2, invocation("get", "k")))  # the called chaincode, before the answer to the call
    assert received(here) == ("ask", "get_state", ("", "k"))
    here.send(("answer", False, "refused"))
    kind, executed = received(here)
    assert (kind, executed.response.status, executed.code, executed.masked) == ("done", 500, "internal", None)  # type: ignore[attr-defined]
    here.send(("answer", False, "the peer's text"))
    kind, executed = received(here)
    assert executed.response.payload == b"500  the peer's text"  # type: ignore[attr-defined]
    thread.join(ANSWER_SECONDS)


def test_it_serves_until_the_other_side_hangs_up(ends: tuple[Connection, Connection]) -> None:
    here, there = ends
    thread = threading.Thread(target=twin_child.serve, args=(there,), daemon=True)
    thread.start()
    here.send(("offer", 1, "", pickle.dumps(Toy())))
    assert received(here) == ("ok",)
    here.send(("offer", 2, "tests.unit.fabric_shim.simulator_toy:unsteady", b""))
    assert received(here) == ("ok",)
    here.send(("offer", 3, "", pickle.dumps("no chaincode")))
    assert received(here) == ("failed", "TypeError: str")
    here.send(("run", 1, invocation("get")))
    kind, executed = received(here)
    assert (kind, executed.response.payload) == ("done", b"")  # type: ignore[attr-defined]
    here.send(("run", 9, invocation("get")))  # one that it does not have: the fork ends with an error
    assert received(here) == ("failed", "The process of a second run has crashed.")
    here.close()
    thread.join(ANSWER_SECONDS)
    assert not thread.is_alive()


def test_its_clock_is_more_than_a_year_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("time", "monotonic", "perf_counter")
    for name in (*names, *(f"{name}_ns" for name in names), "localtime", "gmtime", "ctime"):
        monkeypatch.setattr(time, name, getattr(time, name))
    true_datetime, true_date = datetime.datetime, datetime.date
    monkeypatch.setattr(datetime, "datetime", true_datetime)
    monkeypatch.setattr(datetime, "date", true_date)
    moment, nanoseconds, now = time.time(), time.time_ns(), true_datetime.now(datetime.UTC)
    zero = time.gmtime(0)
    twin_clock.shift()
    year = datetime.timedelta(days=365)
    assert time.time() - moment > year.total_seconds()
    assert time.time_ns() - nanoseconds > year.total_seconds() * 1e9
    assert datetime.datetime.now(datetime.UTC) - now > year
    assert datetime.datetime.now() - now.replace(tzinfo=None) > year
    assert datetime.datetime.utcnow() - now.replace(tzinfo=None) > year
    assert datetime.datetime.today() - now.replace(tzinfo=None) > year
    assert datetime.date.today() - now.date() > year
    assert time.gmtime().tm_year > now.year
    assert time.gmtime(0) == zero
    # What is not asked of the clock is what it was, for who compares and for who sends it elsewhere.
    assert isinstance(now, datetime.datetime)
    assert isinstance(now.date(), datetime.date)
    assert issubclass(true_datetime, datetime.datetime)
    assert issubclass(true_date, datetime.date)
    assert not isinstance("text", datetime.datetime)
    assert datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) == true_datetime(
        2026, 1, 1, tzinfo=datetime.UTC
    )


async def test_what_the_shifted_clock_makes_can_be_read_here() -> None:
    ledger = LedgerSimulator("ch", Toy(), twice=True)
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    history = await ledger.evaluate("changes", ["k"], creator=SOMEBODY)
    assert history.payload == b"2026-01-01T00:00:01+00:00"
