"""Kills a process that saves checkpoints as fast as it can, again and again; looks at the file after each.

Run in an interpreter of its own: each writer is a fork of it, so that hundreds of kills take seconds.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from fabric_gateway import Checkpoint, FileCheckpointer


def write_for_ever(path: Path, into: int) -> None:
    """Save one checkpoint after the other; tell each number before and after its save."""
    checkpointer = FileCheckpointer(path)
    saved = checkpointer._read()
    number = saved.block_number if saved else 0
    while True:
        number += 1
        os.write(into, number.to_bytes(8, "big"))
        # Of changing length, so that a mixture of two would show.
        checkpointer._write(Checkpoint(number, "x" * (number % 97)), number)
        os.write(into, number.to_bytes(8, "big"))


def killed(path: Path, seconds: float) -> tuple[int, int]:
    """Kill a writer after so long; the last number whose save had ended, the last whose save had begun."""
    output, into = os.pipe()
    writer = os.fork()
    if writer == 0:
        try:
            write_for_ever(path, into)
        finally:
            os._exit(1)
    os.close(into)
    time.sleep(seconds)
    os.kill(writer, signal.SIGKILL)
    _, status = os.waitpid(writer, 0)
    if not os.WIFSIGNALED(status):
        sys.exit("the writer ended by itself")
    with os.fdopen(output, "rb") as told:
        words = told.read()
    numbers = [int.from_bytes(words[i : i + 8], "big") for i in range(0, len(words), 8)]
    begun, ended = numbers[0::2], numbers[1::2]
    return (ended[-1] if ended else 0), (begun[-1] if begun else 0)


def main(path: Path, kills: int) -> None:
    chance, before, within = random.Random(7), 0, 0
    for _ in range(kills):
        ended, begun = killed(path, chance.uniform(0, 0.03))
        saved = FileCheckpointer(path)._read()
        number = saved.block_number if saved else 0
        if not max(before, ended) <= number <= max(before, begun):
            sys.exit(f"{number} is saved; {before} before, {ended} ended, {begun} begun")
        if saved and saved.transaction_id != ("x" * (number % 97) or None):
            sys.exit(f"the parts of {number} do not belong together")
        within += begun > ended
        before = number
    print(before, within)


main(Path(sys.argv[1]), int(sys.argv[2]))
