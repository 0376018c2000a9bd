"""FS202."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.events import pairs
from fabric_shim.check.finding import Severity
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Effect


class RangeThenWrite(Rule):
    """A range query in a transaction that writes."""

    code = "FS202"
    name = "range-then-write"
    severity = Severity.WARNING
    reason = (
        "Peers repeat range queries at commit: when any key in the range has come, gone or changed since, "
        "the transaction fails with PHANTOM_READ_CONFLICT: the wider the range, the more often."
    )
    fix = (
        "Read single keys (a counter, an index entry), or query in an evaluated function and pass the keys "
        "in."
    )
    bad = """
async def close_all(ctx) -> None:
    async for item in ctx.stub.get_state_by_range("order-0", "order-9"):  # FS202
        await ctx.stub.put_state(item.key, b"closed")
"""
    good = """
async def close_order(ctx, key: str) -> None:
    if await ctx.stub.get_state(key) is not None:
        await ctx.stub.put_state(key, b"closed")
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find range queries that a write follows in the same function."""
        for function in module.functions:
            for query, write in pairs(module, function, {Effect.RANGE}, {Effect.WRITE}):
                message = (
                    f"The write in line {write.node.lineno} fails at commit when a key of this range changes."
                )
                yield at(module, query.node, message)
