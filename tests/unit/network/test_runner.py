"""The native runner with small real processes: what it starts, what it stops, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from fabric_network.commands import Command
from fabric_network.errors import NodeError
from fabric_network.ports import PortUse
from fabric_network.runners import NativeRunner, Service
from fabric_network.runners.record import MARK, Record, identity, marked
from fabric_network.runners.runner import Probe
from fabric_network.topology import Node, NodeKind

SLEEP = ("-c", "import time; print('started', flush=True); time.sleep(60)")
STUBBORN = (
    "-c",
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True)\n"
    "time.sleep(60)",
)


def answers(_pid: int) -> str | None:
    return None


def service(
    name: str,
    arguments: tuple[str, ...] = SLEEP,
    *,
    kind: NodeKind = NodeKind.PEER,
    inputs: tuple[Path, ...] = (),
    probe: Probe = answers,
) -> Service:
    node = Node(kind, "org", name, 0, "org.example", {PortUse.LISTEN: 1})
    return Service(node, Command(Path(sys.executable), arguments), inputs, probe)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Bench:
    """Makes runners for one network folder, as separate commands would."""

    def __init__(self, folder: Path) -> None:
        self.run = folder / "run"
        self.logs = folder / "logs"

    def runner(self, **kinds: NodeKind) -> NativeRunner:
        named = {f"{name}.org": kind for name, kind in kinds.items()}
        return NativeRunner(self.run, lambda name: self.logs / f"{name}.log", named)

    def log(self, name: str) -> str:
        file = self.logs / f"{name}.log"
        return file.read_text() if file.is_file() else ""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.runner().stop()


def test_started_process_is_recorded_and_lives_in_a_session_of_its_own(bench: Bench) -> None:
    assert bench.runner().start([service("a")]) == ["a.org"]
    running = bench.runner().running()["a.org"]
    record = json.loads((bench.run / "a.org.json").read_text())
    assert record["pid"] == running.pid
    assert record["argv"] == [sys.executable, *SLEEP]
    assert os.getsid(running.pid) == running.pid
    assert running.since <= time.time()


def test_what_a_process_writes_is_its_owners_alone(bench: Bench, tmp_path: Path) -> None:
    written = tmp_path / "ledger"
    bench.runner().start([service("peer0", ("-c", f"open({str(written)!r}, 'w').close()"))])
    until(written.exists)
    assert written.stat().st_mode & 0o777 == 0o600


def test_starting_again_changes_nothing(bench: Bench) -> None:
    bench.runner().start([service("a")])
    before = bench.runner().running()
    assert bench.runner().start([service("a")]) == []
    assert bench.runner().running() == before


def test_changed_input_and_changed_command_restart(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("1")
    bench.runner().start([service("a", inputs=(file,)), service("b")])
    before = bench.runner().running()
    file.write_text("2")
    other = ("-c", "import time; time.sleep(61)")
    again = [service("a", inputs=(file,)), service("b", other), service("c")]
    assert bench.runner().start(again) == ["a.org", "b.org", "c.org"]
    after = bench.runner().running()
    assert {name: before[name].pid != after[name].pid for name in before} == {"a.org": True, "b.org": True}
    assert not psutil.pid_exists(before["a.org"].pid)


def test_stop_ends_everything_and_forgets_it(bench: Bench) -> None:
    bench.runner().start([service("a"), service("b")])
    pids = [one.pid for one in bench.runner().running().values()]
    assert sorted(bench.runner().stop()) == ["a.org", "b.org"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list(bench.run.glob("*.json")) == []
    assert bench.runner().stop() == []


def test_stop_by_name_leaves_the_others(bench: Bench) -> None:
    bench.runner().start([service("a"), service("b")])
    assert bench.runner().stop(["a.org", "unknown.org"]) == ["a.org"]
    assert list(bench.runner().running()) == ["b.org"]


def test_deaf_process_is_killed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fabric_network.runners.native.TERMINATION", 0.5)
    bench.runner().start([service("a", STUBBORN)])
    until(lambda: "deaf" in bench.log("a.org"))
    assert bench.runner().stop() == ["a.org"]
    assert bench.runner().running() == {}


def test_recycled_pid_is_never_touched(bench: Bench) -> None:
    """A record that is left from before a reboot names a pid that now is somebody else's."""
    stranger = subprocess.Popen([sys.executable, *SLEEP])
    try:
        Record(stranger.pid, "another-boot/1", (sys.executable, *SLEEP), "digest").save(
            bench.run / "a.org.json"
        )
        assert bench.runner().running() == {}
        assert bench.runner().stop() == []
        assert bench.runner().start([service("a")]) == ["a.org"]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_another_networks_process_is_never_touched(bench: Bench, tmp_path: Path) -> None:
    other = Bench(tmp_path / "other")
    other.runner().start([service("a")])
    try:
        assert bench.runner().stop_strays() == []
        assert bench.runner().stop() == []
        assert list(other.runner().running()) == ["a.org"]
    finally:
        other.runner().stop()


def test_process_whose_record_was_lost_is_still_found(bench: Bench) -> None:
    """As after a kill -9 of the command between start and record."""
    bench.runner().start([service("a"), service("b")])
    (bench.run / "a.org.json").unlink()
    assert sorted(marked(bench.run)) == ["a.org", "b.org"]
    assert bench.runner().stop_strays() == ["a.org"]
    assert list(bench.runner().running()) == ["b.org"]


def test_unreadable_record_counts_as_lost(bench: Bench) -> None:
    bench.runner().start([service("a")])
    (bench.run / "a.org.json").write_text("{")
    assert bench.runner().running() == {}
    assert bench.runner().stop() == ["a.org"]


def test_child_of_a_node_is_not_taken_for_the_node(bench: Bench) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    bench.runner().start([service("a", ("-c", child))])
    pid = bench.runner().running()["a.org"].pid
    until(lambda: len(psutil.Process(pid).children()) == 1)
    grandchild = psutil.Process(pid).children()[0]
    assert grandchild.environ()[MARK] == str(bench.run / "a.org.json")
    assert marked(bench.run)["a.org"].pid == pid
    grandchild.kill()


def test_abandon_stops_only_what_this_runner_started(bench: Bench) -> None:
    bench.runner().start([service("old")])
    runner = bench.runner()
    runner.start([service("old"), service("new")])
    assert runner.abandon() == ["new.org"]
    assert list(bench.runner().running()) == ["old.org"]


def test_stopping_goes_from_the_outside_to_the_inside(bench: Bench, tmp_path: Path) -> None:
    last_words = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(tmp_path / 'order')!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('armed', flush=True)\n"
        "time.sleep(60)"
    )
    kinds = {
        "ca": NodeKind.CA,
        "orderer": NodeKind.ORDERER,
        "peer": NodeKind.PEER,
        "care": NodeKind.CHAINCODE,
        "agent": NodeKind.AGENT,
    }
    bench.runner().start([service(name, ("-c", last_words, name), kind=kind) for name, kind in kinds.items()])
    until(lambda: all("armed" in bench.log(f"{name}.org") for name in kinds))
    bench.runner(**kinds).stop()
    assert (tmp_path / "order").read_text().split() == ["agent", "care", "peer", "orderer", "ca"]


def test_waiting_ends_when_all_answer(bench: Bench) -> None:
    tries: list[int] = []

    def third_time(pid: int) -> str | None:
        tries.append(pid)
        return None if len(tries) == 3 else "it is not yet awake"

    services = [service("a", probe=third_time), service("b")]
    runner = bench.runner()
    runner.start(services)
    runner.wait_ready(services, 10)
    assert tries == [runner.running()["a.org"].pid] * 3


def test_waiting_tells_who_is_late_and_why(bench: Bench) -> None:
    services = [service("a", probe=lambda _pid: "its port is shut")]
    runner = bench.runner()
    runner.start(services)
    with pytest.raises(
        NodeError, match=r"a\.org is not ready after 0 seconds: its port is shut.*logs a\.org"
    ):
        runner.wait_ready(services, 0)


def test_waiting_tells_who_died_and_its_last_words(bench: Bench) -> None:
    services = [service("a", ("-c", "print('no disk left'); raise SystemExit(3)"), probe=lambda _pid: "x")]
    runner = bench.runner()
    runner.start(services)
    with pytest.raises(NodeError, match=r"a\.org stopped by itself\. It last said: 'no disk left'"):
        runner.wait_ready(services, 10)


def test_program_that_is_not_there(bench: Bench) -> None:
    missing = Service(service("a").node, Command(Path("/no/such/program"), ()), (), answers)
    with pytest.raises(NodeError, match=r"a\.org cannot be started"):
        bench.runner().start([missing])


def test_identity_of_a_process_is_stable_and_its_own() -> None:
    mine = psutil.Process()
    assert identity(mine) == identity(psutil.Process())
    child = subprocess.Popen([sys.executable, *SLEEP])
    try:
        assert identity(psutil.Process(child.pid)) != identity(mine)
    finally:
        child.kill()
        child.wait()
