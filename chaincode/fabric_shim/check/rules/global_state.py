"""FS116."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.mutation import changed_variables
from fabric_shim.check.rule import Place, Rule, at


class GlobalState(Rule):
    """Variables of the module that functions change."""

    code = "FS116"
    name = "global-state"
    reason = (
        "A module's variables belong to one process: each endorser has its own, a restart empties them, "
        "several transactions change them at once, and evaluated or refused transactions leave their marks "
        "too."
    )
    fix = "Keep what must last on the ledger, and pass the rest from function to function."
    bad = """
COUNTS = {}
total = 0

async def count(ctx, key: str) -> None:
    global total
    total += 1  # FS116
    COUNTS[key] = total  # FS116
"""
    good = """
async def count(ctx, key: str) -> None:
    total = int(await ctx.stub.get_state(key) or 0) + 1
    await ctx.stub.put_state(key, str(total).encode())
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find changes of the module's variables within functions."""
        for node, variable in changed_variables(module):
            if isinstance(variable, ast.Name) and module.names.is_global(variable):
                yield at(module, node, f"The function changes {variable.id}, which all transactions share.")
