"""FS304."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateResponse(LeakRule):
    """Private values in the response of a submitted function."""

    code = "FS304"
    name = "private-in-response"
    reason = (
        "The response of a submitted transaction lies in the block, whoever submitted it: every member "
        "reads it."
    )
    fix = "Return the transaction id, and give the value in a function marked @query, which checks who asks."
    bad = """
from fabric_shim.contract import Context, Contract, transaction

class Cases(Contract):
    name = "cases"

    @transaction
    async def discharge(self, ctx: Context, case: str) -> str:
        letter = await ctx.stub.get_private_data("letters", case)
        return (letter or b"").decode()  # FS304
"""
    good = """
from fabric_shim.contract import Context, Contract, query

class Cases(Contract):
    name = "cases"

    @query
    async def letter(self, ctx: Context, case: str) -> str:
        ctx.identity.assert_attribute_value("role", "physician")
        letter = await ctx.stub.get_private_data("letters", case)
        return (letter or b"").decode()
"""
    exits = frozenset({Exit.RESPONSE})
    tags = frozenset({PRIVATE})
    message = "A private value goes into the response, which lies in the block."
