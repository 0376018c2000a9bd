"""Files and folders that are whole or not there; the lock; deferred interrupts; logs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from fabric_network.errors import NetworkError
from fabric_network.files import PRIVATE, make_folder, write
from fabric_network.interrupts import SIGNALS, deferred, run
from fabric_network.lock import locked
from fabric_network.logs import follow, tail


def test_written_file_has_content_and_mode(tmp_path: Path) -> None:
    file = tmp_path / "a" / "key.pem"
    write(file, "secret", PRIVATE)
    assert file.read_text() == "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_equal_content_is_left_alone_and_mode_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write(file, b"x")
    before = file.stat()
    write(file, b"x")
    assert file.stat().st_ino == before.st_ino
    write(file, b"x", PRIVATE)
    assert file.stat().st_mode & 0o777 == 0o600


def test_folder_replaces_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "msp"
    (folder / "old").mkdir(parents=True)
    make_folder(folder, lambda target: write(target / "new", "1"))
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_failing_fill_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "msp"
    make_folder(folder, lambda target: write(target / "old", "1"))

    def fail(target: Path) -> None:
        write(target / "half", "1")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        make_folder(folder, fail)
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_second_command_is_told_who_holds_the_network(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(NetworkError, match=f"process {os.getpid()}"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom fabric_network.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(NetworkError, match=f"process {holder.pid}"), locked(tmp_path):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with locked(tmp_path):
        pass


def test_interrupt_waits_for_the_end_of_the_block() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):  # noqa: SIM117
        with deferred():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(True)
    assert done == [True]
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()


@pytest.mark.parametrize("number", SIGNALS)
def test_interrupt_cancels_work_on_an_event_loop(number: signal.Signals) -> None:
    ended = []

    async def work() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert ended == [True]
    assert signal.getsignal(number) == before


def test_work_on_an_event_loop_gives_its_result_and_its_error() -> None:
    async def give(value: int) -> int:
        return 10 // value

    assert run(give(5)) == 2
    with pytest.raises(ZeroDivisionError):
        run(give(0))


def test_an_interrupt_at_the_very_end_of_the_work_is_not_lost() -> None:
    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(work())


async def test_off_the_main_thread_work_runs_all_the_same() -> None:
    assert await asyncio.to_thread(run, asyncio.sleep(0, "done")) == "done"


def test_tail_gives_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "peer0.log"
    log.write_text("1\n2\n3\n")
    assert list(tail(log, 2)) == ["2", "3"]
    assert list(tail(log, 0)) == []
    with pytest.raises(NetworkError, match="never been started"):
        list(tail(tmp_path / "peer1.log", 2))


def test_follow_gives_what_is_added(tmp_path: Path) -> None:
    log = tmp_path / "peer0.log"
    log.write_text("old\n")
    lines = follow(log)
    writer = subprocess.Popen(
        [sys.executable, "-c", f"import time; time.sleep(0.5); open({str(log)!r}, 'a').write('new\\n')"]
    )
    assert list(islice(lines, 1)) == ["new\n"]
    writer.wait()
