"""FS305."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateError(LeakRule):
    """Private values in error texts."""

    code = "FS305"
    name = "private-in-error"
    reason = (
        "Error texts go back to the client through the peer and the gateway, and every one of them may log "
        "them."
    )
    fix = "Say which field is wrong and what it has to be, never what it is."
    bad = """
async def admit(ctx) -> None:
    name = ctx.stub.get_transient()["name"].decode()
    if not name.isalpha():
        raise ValueError(f"{name} is not a name")  # FS305
"""
    good = """
async def admit(ctx) -> None:
    name = ctx.stub.get_transient()["name"].decode()
    if not name.isalpha():
        raise ValueError("The transient field name must have letters only.")
"""
    exits = frozenset({Exit.ERROR})
    tags = frozenset({PRIVATE})
    message = "A private value goes into an error's text here."
