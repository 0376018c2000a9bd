"""A node's log file: its end, and what is added to it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from fabric_network.errors import NetworkError

INTERVAL = 0.2


def tail(file: Path, lines: int) -> Iterator[str]:
    """The last `lines` lines. Raises `NetworkError` if the node has never been started."""
    if not file.is_file():
        raise NetworkError(
            f"{file.stem} has written no log yet: it has never been started. Run: carechannel-network up"
        )
    with file.open(errors="replace") as stream:
        yield from (line.rstrip("\n") for line in deque(stream, maxlen=lines))


def follow(file: Path) -> Iterator[str]:
    """Whatever is written from now on; ends only with the caller."""
    with file.open(errors="replace") as stream:
        stream.seek(0, 2)
        while True:
            if text := stream.read():
                yield text
            else:
                time.sleep(INTERVAL)
