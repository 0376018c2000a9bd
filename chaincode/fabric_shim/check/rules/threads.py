"""FS109."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class Threads(ForbiddenNames):
    """Threads and processes."""

    code = "FS109"
    name = "threads"
    reason = (
        "What runs beside the transaction ends at another moment on each endorser; it also outlives the "
        "transaction, whose stub is of no use any more."
    )
    fix = "Do the work in the function itself; the runtime serves other transactions meanwhile."
    bad = """
from concurrent.futures import ThreadPoolExecutor

async def total(ctx, values: list[int]) -> int:
    with ThreadPoolExecutor() as pool:  # FS109
        return sum(pool.map(abs, values))
"""
    good = """
async def total(ctx, values: list[int]) -> int:
    return sum(map(abs, values))
"""
    forbidden = (
        (
            "runs beside the transaction",
            "threading. _thread. multiprocessing. concurrent. os.fork os.forkpty gevent. eventlet. "
            "joblib.Parallel signal. sched.",
        ),
    )
