"""FS404."""

from __future__ import annotations

from fabric_shim.check.finding import Severity
from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import ARGUMENT


class CallerNamespace(LeakRule):
    """Callers who choose what kind of entry it is."""

    code = "FS404"
    name = "caller-chooses-namespace"
    severity = Severity.WARNING
    reason = (
        "With the object type of a composite key, or the name of the chaincode that is called, as an "
        "argument, a client reaches entries and code that this function was never written for."
    )
    fix = (
        "Write the object type and the chaincode's name as constants, or look them up in a dict of those "
        "allowed."
    )
    bad = """
from fabric_shim.contract import Context, Contract, query

class Store(Contract):
    name = "store"

    @query
    async def read(self, ctx: Context, kind: str, key: str) -> str:
        name = ctx.stub.create_composite_key(kind, [key])  # FS404
        return (await ctx.stub.get_state(name) or b"").decode()
"""
    good = """
from fabric_shim.contract import Context, Contract, query

class Store(Contract):
    name = "store"

    @query
    async def read(self, ctx: Context, key: str) -> str:
        name = ctx.stub.create_composite_key("asset", [key])
        return (await ctx.stub.get_state(name) or b"").decode()
"""
    exits = frozenset({Exit.NAMESPACE})
    tags = frozenset({ARGUMENT})
    message = "The caller chooses the object type or the chaincode here."
