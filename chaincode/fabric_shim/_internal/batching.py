"""Several writes or reads in one message: what the peer offers, and how a transaction's share is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fabric_shim.ledger import Write

# Well under the 100 MiB that a peer takes, so that a batch does not hold up other transactions of the stream.
BATCH_BYTES: Final = 4 * 1024 * 1024
ANSWER_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BatchOffer:
    """How many writes and how many reads one message may carry; 1: the peer takes them one by one."""

    write_batch: int = 1
    get_multiple: int = 1


NO_BATCHES: Final = BatchOffer()
"""What Fabric 2.5 offers."""


def weight(write: Write) -> int:
    """About how many bytes a write takes in a message."""
    return len(write.key) + len(write.value)


def write_batches(writes: Sequence[Write], count: int) -> Iterator[Sequence[Write]]:
    """Cut writes, in order, into batches of at most ``count`` and about 4 MiB; a larger value goes alone."""
    start = size = 0
    for position, write in enumerate(writes):
        more = weight(write)
        if position > start and (position - start == count or size + more > BATCH_BYTES):
            yield writes[start:position]
            start, size = position, 0
        size += more
    if start < len(writes):
        yield writes[start:]


def next_read(limit: int, asked: int, answered_bytes: int) -> int:
    """How many keys to ask for next, when ``asked`` keys had an answer of so many bytes.

    The peer cannot send more than 100 MiB and ends the stream when it should, so large values are asked for
    in smaller groups.
    """
    if answered_bytes <= ANSWER_BYTES:
        return limit
    return max(1, asked * ANSWER_BYTES // answered_bytes)
