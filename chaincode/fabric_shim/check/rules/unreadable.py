"""FS001."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule


class Unreadable(Rule):
    """A file that the check cannot read. Reported by the engine, which has no tree to give to rules."""

    code = "FS001"
    name = "unreadable"
    reason = (
        "A file that cannot be parsed cannot be checked, and would not start either. The other files are "
        "checked all the same; the command exits with 2."
    )
    fix = "Correct the file, or leave it out with --exclude."
    bad = """
async def put(ctx, key: str, value: str) -> None  # FS001
    await ctx.stub.put_state(key, value.encode())
"""
    good = """
async def put(ctx, key: str, value: str) -> None:
    await ctx.stub.put_state(key, value.encode())
"""

    def check(self, _module: Module, /) -> Iterator[Place]:
        """Find nothing: there is a tree."""
        return iter(())
