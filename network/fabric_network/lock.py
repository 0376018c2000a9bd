"""One command at a time changes a network."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabric_network.errors import NetworkError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the network in `folder`. The system lets go of it when the process ends, however it ends.

    Raises `NetworkError` at once when another command holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise NetworkError(
                f"Another command (process {holder}) is at work on the network in {folder}. "
                "Wait until it is done, or stop it."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
