from __future__ import annotations

import os
from pathlib import Path

import pytest
from fabric_gateway import Checkpoint, CheckpointError, FileCheckpointer, InMemoryCheckpointer


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("checkpoint", [Checkpoint(0), Checkpoint(2**63, "ab" * 32)])
async def test_what_is_saved_is_loaded(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    assert await FileCheckpointer(path).load() is None
    await FileCheckpointer(path).save(Checkpoint(1, "before"))
    await FileCheckpointer(path).save(checkpoint)
    assert await FileCheckpointer(path).load() == checkpoint
    assert names_in(tmp_path) == ["checkpoint.json"]


async def test_in_memory() -> None:
    checkpointer = InMemoryCheckpointer()
    assert await checkpointer.load() is None
    await checkpointer.save(Checkpoint(3, "x"))
    assert await checkpointer.load() == Checkpoint(3, "x")


async def test_a_crash_while_writing_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpointer = FileCheckpointer(tmp_path / "checkpoint.json")
    await checkpointer.save(Checkpoint(1, "old"))

    def crash(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", crash)
        with pytest.raises(CheckpointError, match="cannot be written: Input/output error"):
            await checkpointer.save(Checkpoint(2, "new"))
    assert await checkpointer.load() == Checkpoint(1, "old")
    await checkpointer.save(Checkpoint(2, "new"))
    assert await checkpointer.load() == Checkpoint(2, "new")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"block_number": 1}',
        b'{"block_number": "1", "transaction_id": null}',
        b'{"block_number": true, "transaction_id": null}',
        b'{"block_number": 1, "transaction_id": 2}',
        b"\xff",
    ],
)
async def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"checkpoint\.json .*repair it"):
        await FileCheckpointer(path).load()
    assert path.read_bytes() == content


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        await FileCheckpointer(tmp_path / "missing" / "checkpoint.json").save(Checkpoint(1))
