"""How much of a peer's work a stream takes on at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one stream, and of the threads that all streams share.

    Answers of the peer come over the same stream as new transactions, so the shim cannot stop reading while
    transactions run. It queues new ones instead, and beyond the limit it answers with an error at once, which
    a client may take as "try again". Only a peer that does not take what is sent to it is not read from.

    :ivar running: transactions that run at the same time.
    :ivar waiting: further transactions that wait for their turn. Together with ``running`` above what a peer
        lets in by default (core.yaml, peer.limits.concurrency.endorserService: 2500).
    :ivar held_bytes: size of the messages of all running and waiting transactions together.
    :ivar worker_threads: plain functions that run at the same time, over all streams.
    """

    running: int = 1000
    waiting: int = 4000
    held_bytes: int = 512 * 1024 * 1024
    worker_threads: int = 32
