"""FS208."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.events import ledger_calls
from fabric_shim.check.module import Module
from fabric_shim.check.order import in_loop, may_precede
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Effect


class LostEvent(Rule):
    """More than one event in a transaction."""

    code = "FS208"
    name = "lost-event"
    reason = (
        "A transaction publishes one event: a second set_event replaces the first, which nobody ever sees."
    )
    fix = "Gather what happened, and set one event at the end."
    bad = """
async def transfer(ctx, keys: list[str]) -> None:
    for key in keys:
        await ctx.stub.put_state(key, b"sold")
        ctx.stub.set_event("sold", key.encode())  # FS208
"""
    good = """
async def transfer(ctx, keys: list[str]) -> None:
    for key in keys:
        await ctx.stub.put_state(key, b"sold")
    ctx.stub.set_event("sold", ",".join(keys).encode())
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find events that a later one replaces."""
        for function in module.functions:
            events = [call.node for call in ledger_calls(module, function) if Effect.EVENT in call.effects]
            for place, event in enumerate(events):
                replaced = any(may_precede(module.names, event, later) for later in events[place + 1 :])
                if replaced or in_loop(module.names, event):
                    yield at(module, event, "A later set_event of the same transaction replaces this one.")
