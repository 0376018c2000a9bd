"""FS307."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import HASHED


class UnsaltedHash(LeakRule):
    """Unsalted hashes of private values."""

    code = "FS307"
    name = "unsalted-hash"
    reason = (
        "Names, numbers and diagnoses can all be tried: who sees the hash of one hashes every candidate and "
        "knows the value. Equal values have equal hashes, too."
    )
    fix = (
        "Hash it together with a random salt that comes as a transient field and is kept with the private "
        "value."
    )
    bad = """
import hashlib

async def admit(ctx, case: str) -> None:
    name = ctx.stub.get_transient()["name"]
    await ctx.stub.put_state(case, hashlib.sha256(name).digest())  # FS307
"""
    good = """
import hashlib

async def admit(ctx, case: str) -> None:
    transient = ctx.stub.get_transient()
    name, salt = transient["name"], transient["salt"]
    await ctx.stub.put_state(case, hashlib.sha256(salt + name).digest())
"""
    exits = frozenset({Exit.STATE, Exit.KEY, Exit.EVENT, Exit.RESPONSE, Exit.ERROR, Exit.LOG, Exit.CALL})
    tags = frozenset({HASHED})
    message = "The hash of a private value and nothing else goes out here."
