"""What a test leaves behind: tasks, threads, sockets."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from tests.waiting import eventually


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            count += str(link.readlink()).startswith("socket:")
        except FileNotFoundError:  # the listing's own descriptor
            continue
    return count


def _state() -> tuple[int, int, int]:
    # A stream that gRPC cancelled refers to itself by its own traceback, and goes with the next collection.
    gc.collect()
    return len(asyncio.all_tasks()), threading.active_count(), sockets()


@asynccontextmanager
async def nothing_leaks() -> AsyncIterator[None]:
    """Fails when there are more tasks, threads or sockets afterwards than before."""
    # gRPC's own thread and sockets come with its first use and stay.
    grpc.aio.init_grpc_aio()
    try:
        before = _state()
        yield

        try:
            await eventually(lambda: all(now <= then for now, then in zip(_state(), before, strict=True)))
        except TimeoutError:
            tasks = [str(task.get_coro()) for task in asyncio.all_tasks()]
            threads = [thread.name for thread in threading.enumerate()]
            raise AssertionError(f"leaked: {before} -> {_state()}: {tasks}, {threads}") from None
    finally:
        grpc.aio.shutdown_grpc_aio()
