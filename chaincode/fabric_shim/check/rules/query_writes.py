"""FS207."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.functions import Kind
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Effect


class QueryWrites(Rule):
    """A function marked as a query that writes."""

    code = "FS207"
    name = "query-writes"
    reason = (
        "Clients evaluate queries at one peer and never send them to the orderer: what a query writes is "
        "thrown away, its event never comes, and the client is told that all went well."
    )
    fix = "Mark the function with @transaction, or take the write out."
    bad = """
from fabric_shim.contract import Context, Contract, query

class Visits(Contract):
    name = "visits"

    @query
    async def look(self, ctx: Context, key: str) -> str:
        await ctx.stub.put_state(key, b"seen")  # FS207
        return key
"""
    good = """
from fabric_shim.contract import Context, Contract, query

class Visits(Contract):
    name = "visits"

    @query
    async def look(self, ctx: Context, key: str) -> str:
        return (await ctx.stub.get_state(key) or b"").decode()
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find writes and events in queries, and calls of the module's functions that write."""
        for function in module.functions:
            if function.kind is not Kind.EVALUATE:
                continue
            for call in module.calls:
                if module.function_of(call) is not function:
                    continue
                method, callee = module.stub_method(call), module.callee(call)
                if method is not None and method.effect in (Effect.WRITE, Effect.EVENT):
                    yield at(module, call, f"{function.name} is a query: {method.name} has no effect in it.")
                elif callee is not None and callee in module.writers:
                    yield at(module, call, f"{function.name} is a query, but {callee.name} writes.")
