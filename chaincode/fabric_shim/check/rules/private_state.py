"""FS301."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateState(LeakRule):
    """Private values in the public state."""

    code = "FS301"
    name = "private-in-state"
    reason = (
        "What put_state writes lies in a block in clear, on every peer of the channel, for ever; a deletion "
        "does not take it out of the block."
    )
    fix = "Write it with put_private_data, or keep it off the ledger and write a salted hash."
    bad = """
import json

async def admit(ctx, case: str) -> None:
    patient = json.loads(ctx.stub.get_transient()["patient"])
    await ctx.stub.put_state(case, patient["name"].encode())  # FS301
"""
    good = """
import json

async def admit(ctx, case: str) -> None:
    patient = json.loads(ctx.stub.get_transient()["patient"])
    await ctx.stub.put_private_data("patients", case, patient["name"].encode())
"""
    exits = frozenset({Exit.STATE})
    tags = frozenset({PRIVATE})
    message = "A private value goes into the public state here."
