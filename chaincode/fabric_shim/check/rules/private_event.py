"""FS303."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateEvent(LeakRule):
    """Private values in events."""

    code = "FS303"
    name = "private-in-event"
    reason = (
        "Name and payload of an event lie in the block: every member reads them, and every client that "
        "listens."
    )
    fix = "Put no more than an identifier into the event; who may read the rest evaluates a function for it."
    bad = """
async def diagnose(ctx, case: str) -> None:
    diagnosis = await ctx.stub.get_private_data("diagnoses", case)
    ctx.stub.set_event("diagnosed", diagnosis)  # FS303
"""
    good = """
async def diagnose(ctx, case: str) -> None:
    diagnosis = await ctx.stub.get_private_data("diagnoses", case)
    if diagnosis is not None:
        ctx.stub.set_event("diagnosed", case.encode())
"""
    exits = frozenset({Exit.EVENT})
    tags = frozenset({PRIVATE})
    message = "A private value goes into the event here."
