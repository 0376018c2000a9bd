"""FS206."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.finding import Severity
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import argument

_NAMES = frozenset({"get_state_by_range", "get_private_data_by_range"})


class WholeState(Rule):
    """A query over everything."""

    code = "FS206"
    name = "whole-state"
    severity = Severity.WARNING
    reason = (
        "A range without a start and an end goes through all keys of the chaincode, other kinds of entries "
        "too, and grows with the ledger until the transaction times out; peers cut it at "
        "ledger.state.totalQueryLimit."
    )
    fix = (
        "Give the range two ends, use a partial composite key, or read it page by page in evaluated "
        "functions."
    )
    bad = """
async def everything(ctx) -> list[str]:
    return [item.key async for item in ctx.stub.get_state_by_range("", "")]  # FS206
"""
    good = """
async def assets(ctx, bookmark: str) -> list[str]:
    page = await ctx.stub.get_state_by_range_with_pagination("asset-", "asset.", 100, bookmark)
    return [item.key for item in page.items]
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find range queries with two empty ends."""
        for call in module.calls:
            method = module.stub_method(call)
            if method is None or method.name not in _NAMES:
                continue
            if all(_empty(module, argument(call, method, end)) for end in ("start_key", "end_key")):
                yield at(module, call, "This goes through every key of the chaincode.")


def _empty(module: Module, end: ast.expr | None) -> bool:
    if isinstance(end, ast.Name):
        end = module.names.single_value(end)
    return isinstance(end, ast.Constant) and end.value in ("", None)
