"""FS106."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import FLOAT


class Floats(LeakRule):
    """Floats on the ledger."""

    code = "FS106"
    name = "floats"
    reason = (
        "Floats are rounded: sums depend on the order of their parts, functions of math on the machine's C "
        "library, and the text on the program that wrote it. Amounts go wrong by cents, and endorsers may "
        "differ."
    )
    fix = "Count in whole smallest units (cents, milligrams) with // and %, or use decimal.Decimal and text."
    bad = """
import json

async def pay(ctx, account: str, cents: int) -> None:
    share = cents / 3
    await ctx.stub.put_state(account, json.dumps({"share": share}, sort_keys=True).encode())  # FS106
"""
    good = """
import json

async def pay(ctx, account: str, cents: int) -> None:
    share = cents // 3
    await ctx.stub.put_state(account, json.dumps({"share": share}, sort_keys=True).encode())
"""

    exits = frozenset({Exit.STATE, Exit.PRIVATE_STATE, Exit.KEY, Exit.EVENT, Exit.RESPONSE})
    tags = frozenset({FLOAT})
    message = "A float goes into the ledger or the response here."
