"""Every place below a network's folder where a value could lie, as (name, bytes)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.scan.leveldb import entries

Place = tuple[str, bytes]


def places(root: Path) -> Iterator[Place]:
    """Yield every LevelDB entry and every other file below ``root``, binaries left out."""
    databases = {path.parent for path in root.rglob("CURRENT")}
    for database in sorted(databases):
        yield from _leveldb(database, str(database.relative_to(root)))
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and not databases & set(path.parents):
            name = str(path.relative_to(root))
            if not name.startswith("bin/"):
                yield name, path.read_bytes()


def _leveldb(folder: Path, name: str) -> Iterator[Place]:
    """The entries of a copy: a running peer compacts its tables away at any moment."""
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work)
        for path in folder.iterdir():
            try:
                shutil.copy(path, copy / path.name)
            except FileNotFoundError:
                continue
        for file, entry in entries(copy):
            yield f"{name}/{file}", entry
