"""FS204."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.events import pairs
from fabric_shim.check.finding import Severity
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Effect

_NOT_REPEATED = frozenset({Effect.RICH, Effect.HISTORY})


class UncheckedQuery(Rule):
    """A rich query or a history in a transaction that writes."""

    code = "FS204"
    name = "unchecked-query"
    severity = Severity.WARNING
    reason = (
        "Peers do not repeat rich queries and histories at commit: what they showed may have changed, and "
        "the write that rests on it is committed all the same. Endorsers with another height answer them "
        "differently."
    )
    fix = (
        "Query in an evaluated function; in the one that writes, read the keys that it rests on with "
        "get_state."
    )
    bad = """
async def sell_cheapest(ctx) -> None:
    async for item in ctx.stub.get_query_result('{"selector": {"price": {"$lt": 10}}}'):  # FS204
        await ctx.stub.put_state(item.key, b"sold")
"""
    good = """
async def sell(ctx, key: str) -> None:
    if await ctx.stub.get_state(key) == b"cheap":
        await ctx.stub.put_state(key, b"sold")
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find such queries that a write follows in the same function."""
        for function in module.functions:
            for query, write in pairs(module, function, _NOT_REPEATED, {Effect.WRITE}):
                message = (
                    f"The write in line {write.node.lineno} rests on what nobody checks again at commit."
                )
                yield at(module, query.node, message)
