"""FS101."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.rule import ForbiddenNames, Place, at


class Clock(ForbiddenNames):
    """The machine's clock."""

    code = "FS101"
    name = "clock"
    reason = (
        "Every endorser runs the transaction at another moment, on another machine: what depends on the "
        "clock differs between them, and the transaction is not endorsed."
    )
    fix = "Use ctx.stub.get_tx_timestamp(): the proposal's own time, the same on every endorser."
    bad = """
from datetime import datetime as dt

async def stamp(ctx, key: str) -> None:
    now = dt.utcnow()  # FS101
    await ctx.stub.put_state(key, now.isoformat().encode())
"""
    good = """
async def stamp(ctx, key: str) -> None:
    now = ctx.stub.get_tx_timestamp()
    await ctx.stub.put_state(key, now.isoformat().encode())
"""
    forbidden = (
        (
            "reads this machine's clock",
            "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today "
            "time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter "
            "time.perf_counter_ns time.process_time time.process_time_ns time.thread_time "
            "time.thread_time_ns time.clock_gettime time.clock_gettime_ns time.gmtime time.localtime "
            "time.ctime time.asctime pandas.Timestamp.now pandas.Timestamp.today arrow.now arrow.utcnow "
            "pendulum.now pendulum.today django.utils.timezone.now timeit.",
        ),
        (
            "waits by this machine's clock, and holds up the transaction",
            "time.sleep",
        ),
    )

    def check(self, module: Module) -> Iterator[Place]:
        """Find such names, and ``time.strftime`` without a time of its own."""
        yield from super().check(module)
        for call in module.calls:
            if module.names.resolve(call.func) == "time.strftime" and len(call.args) == 1:
                yield at(module, call, "time.strftime without a time reads this machine's clock.")
