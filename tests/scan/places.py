"""Every place below a network's folder where a value could lie, as (name, bytes)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import plyvel

Place = tuple[str, bytes]


def places(root: Path) -> Iterator[Place]:
    """Yield every LevelDB entry and every other file below ``root``, binaries left out.

    LevelDB compresses its tables, so a search of the raw files would miss what they hold; the databases are
    copied first because a running peer holds their lock.
    """
    databases = {path.parent for path in root.rglob("CURRENT")}
    for database in sorted(databases):
        yield from _leveldb(database, str(database.relative_to(root)))
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and not databases & set(path.parents):
            name = str(path.relative_to(root))
            if not name.startswith("bin/"):
                yield name, path.read_bytes()


def _leveldb(folder: Path, name: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "db"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("LOCK"), ignore_dangling_symlinks=True)
        database = plyvel.DB(str(copy), paranoid_checks=False)
        try:
            for key, value in database:
                yield f"{name}:{key[:40]!r}", key + b"\0" + value
        finally:
            database.close()
