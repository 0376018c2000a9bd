"""`carechannel-network`, for operators. Exit 0 ok, 1 refused or failed, 2 wrong usage, 130 interrupted."""

from __future__ import annotations

import signal
import sys
from types import FrameType

INTERRUPTED = 130


def main() -> None:
    """Entry point. SIGTERM and SIGHUP end a command as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        # Only here, so that Ctrl-C while Python still imports is no traceback.
        from fabric_network.cli.commands import app  # noqa: PLC0415

        app()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
