"""FS203."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.events import pairs
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Effect

_READ_ONLY = frozenset({Effect.PAGED, Effect.PRIVATE_QUERY})
_WRITE = frozenset({Effect.WRITE})


class RefusedQuery(Rule):
    """A paginated or private query in a transaction that writes."""

    code = "FS203"
    name = "refused-query"
    reason = (
        "Peers take paginated queries, and queries of private data, in read-only transactions only: after "
        "one they refuse every write, and after a write every such query "
        "(core/ledger/kvledger/txmgmt/txmgr/tx_simulator.go)."
    )
    fix = "Query in an evaluated function, and let the client pass the keys to the function that writes."
    bad = """
async def expire(ctx, collection: str) -> None:
    async for item in ctx.stub.get_private_data_by_range(collection, "a", "b"):  # FS203
        await ctx.stub.del_private_data(collection, item.key)
"""
    good = """
async def expire(ctx, collection: str, key: str) -> None:
    if await ctx.stub.get_private_data(collection, key) is not None:
        await ctx.stub.del_private_data(collection, key)
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find such queries before and after writes in the same function."""
        for function in module.functions:
            for query, write in pairs(module, function, _READ_ONLY, _WRITE):
                message = f"The peer refuses the write in line {write.node.lineno} after this query."
                yield at(module, query.node, message)
            for write, query in pairs(module, function, _WRITE, _READ_ONLY):
                message = f"The peer refuses this query after the write in line {write.node.lineno}."
                yield at(module, query.node, message)
