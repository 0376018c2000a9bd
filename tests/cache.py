"""What is fetched or built once and kept outside of any clone, in the cache of `fabric_network.binaries`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from fabric_network.binaries import default_cache


def kept(name: str, make: Callable[[Path], Path]) -> Path:
    """The folder ``name`` of the cache.

    :param make: called at first use with an empty folder; gives what is to be kept, that folder or one in it.
    """
    folder = default_cache() / name
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".made-", dir=folder.parent) as scratch:
        empty = Path(scratch) / "made"
        empty.mkdir()
        made = make(empty)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was quicker
                raise
    return folder


def digest(files: Iterable[Path]) -> str:
    """What names a version of the files in the cache: other names or contents give another one."""
    found = hashlib.sha256()
    for file in sorted(files):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]
