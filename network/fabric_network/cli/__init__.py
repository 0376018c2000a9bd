"""`carechannel-network`, for operators. Exit 0 ok, 1 refused or failed, 2 wrong usage, 130 interrupted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from fabric_network.interrupts import SIGNALS

INTERRUPTED = 130


def main() -> None:
    """Entry point. SIGTERM and SIGHUP end a command as Ctrl-C does."""
    _on_interrupts(_leave)
    # Only here: the handler above must be in place while Python imports all this.
    from fabric_network.cli.commands import app  # noqa: PLC0415

    try:
        _on_interrupts(_interrupt)
        app()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _on_interrupts(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # Nothing was begun. An exception could get lost here: Python drops one that is raised in a callback of
    # its import machinery.
    os.write(sys.stderr.fileno(), b"Interrupted.\n")
    os._exit(INTERRUPTED)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
