"""Files written whole or not at all, so that a killed `up` leaves nothing half-made behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

PUBLIC = 0o644
PRIVATE = 0o600
EXECUTABLE = 0o755


def write(file: Path, content: str | bytes, mode: int = PUBLIC) -> None:
    """Write `file` with `mode` unless it already has this content; its folder is made."""
    data = content.encode() if isinstance(content, str) else content
    if file.is_file() and file.read_bytes() == data and file.stat().st_mode & 0o777 == mode:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` make the content of `folder` beside it, then put it in the place of what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fill(temporary)
        temporary.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
