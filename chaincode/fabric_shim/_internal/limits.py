"""How much of a peer's work a stream takes on at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COPIES: Final = 3
"""A message is in memory up to so many times: as it came, its parts, and the arguments made of them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one stream, and of the threads that all streams share.

    Answers of the peer come over the same stream as new transactions, so the shim cannot stop reading while
    transactions run. It queues new ones instead, and beyond the limit it answers with an error at once, which
    a client may take as "try again". Only a peer that does not take what is sent to it is not read from.

    :ivar running: transactions that run at the same time.
    :ivar waiting: further transactions that wait for their turn. Together with ``running`` above what a peer
        lets in by default (core.yaml, peer.limits.concurrency.endorserService: 2500).
    :ivar calling: transactions that wait for a chaincode that they have called. They count as neither of the
        above, since what they wait for may be a transaction of this very chaincode. A call beyond is refused.
    :ivar held_bytes: memory of all running and waiting transactions together; see ``COPIES``.
    :ivar worker_threads: plain functions that run at the same time, over all streams. Those that wait for a
        chaincode that they have called are not counted.
    """

    running: int = 1000
    waiting: int = 4000
    calling: int = 1000
    held_bytes: int = 512 * 1024 * 1024
    worker_threads: int = 32
