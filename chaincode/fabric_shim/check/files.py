"""Which files a path means."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset({"__pycache__", "venv", "node_modules", "site-packages"})


def python_files(paths: Iterable[Path], exclude: Iterable[str] = ()) -> list[Path]:
    """The files to check, each once, sorted. Folders are walked; hidden ones and environments are left out.

    :param exclude: patterns that a path, or a folder or file name in it, is left out by.
    """
    patterns = tuple(exclude)
    walked: set[Path] = set()
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _walk(path, walked):
            if not _matches(file, patterns):
                found.setdefault(_real(file), file)
    return sorted(found.values())


def _walk(path: Path, walked: set[Path]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    if _real(path) in walked:
        return
    walked.add(_real(path))
    try:
        entries = sorted(path.iterdir())
    except OSError:
        # Reading it fails again, and is reported there.
        yield path
        return
    # What lies in the folder itself goes before what a symbolic link shows a second time.
    for entry in sorted(entries, key=Path.is_symlink):
        if entry.name.startswith(".") or entry.name in _SKIPPED or (entry / "pyvenv.cfg").exists():
            continue
        if entry.is_dir():
            yield from _walk(entry, walked)
        elif entry.suffix == ".py" and (entry.is_file() or entry.is_symlink()):
            yield entry


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _matches(file: Path, patterns: tuple[str, ...]) -> bool:
    whole = file.as_posix()
    return any(fnmatch(whole, p) or any(fnmatch(part, p) for part in file.parts) for p in patterns)
