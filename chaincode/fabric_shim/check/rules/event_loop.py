"""FS110."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class EventLoop(ForbiddenNames):
    """asyncio and its like."""

    code = "FS110"
    name = "event-loop"
    reason = (
        "Contract functions are coroutines that the runtime drives itself: they may await the stub and each "
        "other, and see no event loop. Timers and tasks would end in another order on each endorser."
    )
    fix = "Await the stub only; read many keys at once with get_multiple_states."
    bad = """
import asyncio

async def both(ctx, one: str, other: str) -> list[bytes]:
    return await asyncio.gather(ctx.stub.get_state(one), ctx.stub.get_state(other))  # FS110
"""
    good = """
async def both(ctx, one: str, other: str) -> list[bytes]:
    return await ctx.stub.get_multiple_states(one, other)
"""
    forbidden = (
        (
            "needs an event loop, which a contract does not have",
            "asyncio. anyio. trio. curio. uvloop. twisted. tornado.",
        ),
    )
    allowed = frozenset(
        {
            "asyncio.CancelledError",
            "asyncio.TimeoutError",
            "asyncio.iscoroutine",
            "asyncio.iscoroutinefunction",
        }
    )
