"""FS117."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.mutation import is_mutable_display
from fabric_shim.check.names import FunctionNode
from fabric_shim.check.rule import Place, Rule, at


class MutableDefaults(Rule):
    """Defaults that can change."""

    code = "FS117"
    name = "mutable-default"
    reason = (
        "A default value is made once per process. A list that one transaction appends to is longer for the "
        "next one, on this endorser and on no other."
    )
    fix = "Use None or an empty tuple as the default and make the list in the function."
    bad = """
async def collect(ctx, key: str, found: list[str] = []) -> list[str]:  # FS117
    found.append(key)
    return found
"""
    good = """
async def collect(ctx, key: str, found: tuple[str, ...] = ()) -> list[str]:
    return [*found, key]
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find lists, dicts and sets as defaults of parameters."""
        for function in module.nodes:
            if not isinstance(function, FunctionNode | ast.Lambda):
                continue
            arguments = function.args
            for default in (*arguments.defaults, *arguments.kw_defaults):
                if default is not None and is_mutable_display(module, default):
                    yield at(
                        module, default, "All calls in this process share this default, and it can change."
                    )
