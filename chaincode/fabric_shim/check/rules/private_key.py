"""FS302."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateKey(LeakRule):
    """Private values in public keys."""

    code = "FS302"
    name = "private-in-key"
    reason = (
        "Keys of the public state, those that are only read and composite keys too, stand in the block in "
        "clear, for every member."
    )
    fix = "Name the key by something random, like a transaction id, or by a salted hash."
    bad = """
async def admit(ctx) -> None:
    insurance_number = ctx.stub.get_transient()["insurance_number"].decode()
    key = ctx.stub.create_composite_key("case", [insurance_number])
    await ctx.stub.put_state(key, b"open")  # FS302
"""
    good = """
async def admit(ctx) -> None:
    key = ctx.stub.create_composite_key("case", [ctx.stub.get_tx_id()])
    await ctx.stub.put_state(key, b"open")
"""
    exits = frozenset({Exit.KEY})
    tags = frozenset({PRIVATE})
    message = "A private value is in a public key here."
