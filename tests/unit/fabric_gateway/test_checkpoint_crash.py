"""File checkpoints of processes that are killed, of full disks and of folders that cannot be written."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from fabric_gateway import Checkpoint, CheckpointError, FileCheckpointer

KILLS = Path(__file__).with_name("checkpoint_kills.py")


def test_killed_220_times_it_holds_the_last_or_the_one_before(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, KILLS, tmp_path / "checkpoint.json", "220"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    saved, within = map(int, told.stdout.split())
    assert saved > 0
    assert within > 0  # kills hit a save


async def test_saves_that_were_given_up_neither_mix_nor_undo_a_later_one(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    checkpointer = FileCheckpointer(path)
    for number in range(1, 300):
        save = asyncio.create_task(checkpointer.save(Checkpoint(number, "x" * (number % 97))))
        await asyncio.sleep(0)
        if number % 3:
            save.cancel()
        await asyncio.gather(save, return_exceptions=True)
    await checkpointer.save(Checkpoint(300, "last"))
    await asyncio.sleep(0.2)
    assert await checkpointer.load() == Checkpoint(300, "last")
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.json"]


def test_an_older_save_that_comes_late_is_left_out(tmp_path: Path) -> None:
    checkpointer = FileCheckpointer(tmp_path / "checkpoint.json")
    checkpointer._write(Checkpoint(2), 2)
    checkpointer._write(Checkpoint(1), 1)
    assert checkpointer._read() == Checkpoint(2)


_SAVE = (
    "import os, pathlib, resource, sys\n"
    "from fabric_gateway import Checkpoint, CheckpointError, FileCheckpointer\n"
    "{}\n"
    "try:\n"
    "    FileCheckpointer(pathlib.Path(sys.argv[1]))._write(Checkpoint(2, 'new'), 1)\n"
    "except CheckpointError as error:\n"
    "    sys.exit(str(error))\n"
)


def _saving(path: Path, condition: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _SAVE.format(condition), path], capture_output=True, text=True, check=False
    )


def test_a_full_disk_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    FileCheckpointer(path)._write(Checkpoint(1, "old"), 1)
    told = _saving(path, "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))")
    assert told.returncode == 1
    assert "cannot be written: File too large; free the disk" in told.stderr
    assert FileCheckpointer(path)._read() == Checkpoint(1, "old")
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.json"]


def test_a_folder_that_cannot_be_written_leaves_the_one_before() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "checkpoint.json"
        FileCheckpointer(path)._write(Checkpoint(1, "old"), 1)
        Path(name).chmod(0o555)
        told = _saving(path, "os.geteuid() or os.setuid(65534)")
        assert told.returncode == 1
        assert "cannot be written: Permission denied" in told.stderr
        assert FileCheckpointer(path)._read() == Checkpoint(1, "old")
        Path(name).chmod(0o755)


async def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    await FileCheckpointer(path).save(Checkpoint(1))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"blockNumber":7,"transactionId":"ab"}', Checkpoint(7, "ab")),  # Go
        ('{"blockNumber":7,"transactionId":""}', Checkpoint(7)),
        ('{"blockNumber":0,"transactionId":""}', None),
        ('{"blockNumber":"7","transactionId":"ab"}', Checkpoint(7, "ab")),  # Node
        ('{"blockNumber":"7"}', Checkpoint(7)),
        ("{}", None),
        ('{"blockNumber":18446744073709551615,"transactionId":null}', Checkpoint(2**64 - 1)),
    ],
)
async def test_checkpoints_of_fabrics_other_clients_are_taken_over(
    content: str, expected: Checkpoint | None, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    path.write_text(content)
    assert await FileCheckpointer(path).load() == expected


async def test_it_writes_what_fabrics_other_clients_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    await FileCheckpointer(path).save(Checkpoint(7, "ab"))
    assert json.loads(path.read_text()) == {"blockNumber": 7, "transactionId": "ab"}
    await FileCheckpointer(path).save(Checkpoint(8))
    assert json.loads(path.read_text()) == {"blockNumber": 8}  # Java's refuses a null


@pytest.mark.parametrize(
    "content",
    [
        '{"blockNumber":-1,"transactionId":""}',
        '{"blockNumber":18446744073709551616}',
        '{"blockNumber":"' + "9" * 5000 + '"}',
        '{"blockNumber":' + "9" * 5000 + "}",
        '{"blockNumber":"0x7"}',
        '{"blockNumber":7.0}',
        '{"blockNumber":7,"transactionId":["a"]}',
        '{"transactionId":"a"}',
        '{"other":1}',
        "[" * 100_000,
    ],
)
async def test_what_is_no_checkpoint_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    path.write_text(content)
    with pytest.raises(CheckpointError, match="repair it"):
        await FileCheckpointer(path).load()
