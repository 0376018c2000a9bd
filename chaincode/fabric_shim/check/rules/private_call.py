"""FS309."""

from __future__ import annotations

from fabric_shim.check.finding import Severity
from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateCall(LeakRule):
    """Private values for another chaincode."""

    code = "FS309"
    name = "private-in-call"
    severity = Severity.WARNING
    reason = (
        "The called chaincode is given them as arguments, and neither its code nor its collections are "
        "bound to keep them: it may write them into its public state. No rule of this contract can see "
        "that."
    )
    fix = "Pass an identifier, and let the other chaincode read its own private data."
    bad = """
async def bill(ctx, case: str) -> None:
    diagnosis = await ctx.stub.get_private_data("diagnoses", case)
    await ctx.stub.invoke_chaincode("billing", [b"bill", diagnosis], "")  # FS309
"""
    good = """
async def bill(ctx, case: str) -> None:
    if await ctx.stub.get_private_data("diagnoses", case) is not None:
        await ctx.stub.invoke_chaincode("billing", [b"bill", case.encode()], "")
"""
    exits = frozenset({Exit.CALL})
    tags = frozenset({PRIVATE})
    message = "A private value is given to another chaincode here."
