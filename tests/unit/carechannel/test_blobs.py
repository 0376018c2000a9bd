"""Blob stores: content-addressed, crash-safe; missing and tampered are told apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from carechannel.blobs import FolderStore, MirroredStore, digest_of
from carechannel.errors import BlobError, BlobMissingError, BlobTamperedError
from hypothesis import given
from hypothesis import strategies as st

DATA = b"ciphertext"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    (tmp_path / "blobs").mkdir()
    return FolderStore(tmp_path / "blobs")


def only_file(folder: Path) -> Path:
    (found,) = [path for path in folder.rglob("*") if path.is_file()]
    return found


@given(st.binary(max_size=500))
def test_what_is_put_comes_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    store = FolderStore(tmp_path_factory.mktemp("blobs"))
    assert asyncio.run(store.put(data)) == digest_of(data)
    assert asyncio.run(store.get(digest_of(data))) == data


async def test_missing(store: FolderStore) -> None:
    with pytest.raises(BlobMissingError):
        await store.get(digest_of(DATA))


async def test_tampered(store: FolderStore, tmp_path: Path) -> None:
    digest = await store.put(DATA)
    only_file(tmp_path / "blobs").write_bytes(b"something else")
    with pytest.raises(BlobTamperedError):
        await store.get(digest)


async def test_putting_again_mends_a_tampered_blob(store: FolderStore, tmp_path: Path) -> None:
    digest = await store.put(DATA)
    only_file(tmp_path / "blobs").write_bytes(b"something else")
    assert await store.put(DATA) == digest
    assert await store.get(digest) == DATA


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "AB" * 32, "ab" * 31])
async def test_a_digest_is_never_a_path(store: FolderStore, digest: str) -> None:
    with pytest.raises(BlobError, match="64 lower-case hex"):
        await store.get(digest)


async def test_a_crash_before_the_name_leaves_nothing(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut_off)
        with pytest.raises(RuntimeError):
            await store.put(DATA)
    with pytest.raises(BlobMissingError):
        await store.get(digest_of(DATA))
    assert await store.put(DATA) == digest_of(DATA)


async def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file, not a folder")
    with pytest.raises(BlobError, match="cannot be written"):
        await FolderStore(tmp_path / "blobs").put(DATA)


async def test_a_mirror_has_everything_and_mends_the_first(tmp_path: Path) -> None:
    first, second = tmp_path / "blobs", tmp_path / "mirror"
    first.mkdir()
    second.mkdir()
    mirrored = MirroredStore(FolderStore(first), FolderStore(second))
    digest = await mirrored.put(DATA)
    assert only_file(first).read_bytes() == only_file(second).read_bytes() == DATA
    only_file(first).unlink()
    assert await mirrored.get(digest) == DATA
    assert only_file(first).read_bytes() == DATA
    only_file(first).write_bytes(b"spoilt")
    assert await mirrored.get(digest) == DATA
    assert only_file(first).read_bytes() == DATA


async def test_when_both_have_lost_it_the_first_ones_error_stands(tmp_path: Path) -> None:
    for name in ("blobs", "mirror"):
        (tmp_path / name).mkdir()
    mirrored = MirroredStore(FolderStore(tmp_path / "blobs"), FolderStore(tmp_path / "mirror"))
    digest = await mirrored.put(DATA)
    only_file(tmp_path / "blobs").write_bytes(b"spoilt")
    only_file(tmp_path / "mirror").unlink()
    with pytest.raises(BlobTamperedError):
        await mirrored.get(digest)


async def test_without_the_mirror_nothing_is_acknowledged(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "mirror").write_text("full")
    with pytest.raises(BlobError):
        await MirroredStore(FolderStore(tmp_path / "blobs"), FolderStore(tmp_path / "mirror")).put(DATA)
