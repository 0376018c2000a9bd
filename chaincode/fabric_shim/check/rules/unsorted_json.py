"""FS107."""

from __future__ import annotations

from fabric_shim.check.finding import Severity
from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import UNSORTED


class UnsortedJson(LeakRule):
    """JSON in the order in which a dict was filled."""

    code = "FS107"
    name = "unsorted-json"
    severity = Severity.WARNING
    reason = (
        "json.dumps writes keys in the order in which the dict was filled. Two ways to the same value then "
        "give other bytes: hashes do not match, a rewrite looks like a change, a client of another language "
        "differs."
    )
    fix = "Pass sort_keys=True, or return the value and let the contract write canonical JSON."
    bad = """
import json

async def keep(ctx, key: str, asset: dict[str, str]) -> None:
    value = json.dumps(asset)
    await ctx.stub.put_state(key, value.encode())  # FS107
"""
    good = """
import json

async def keep(ctx, key: str, asset: dict[str, str]) -> None:
    value = json.dumps(asset, sort_keys=True)
    await ctx.stub.put_state(key, value.encode())
"""

    exits = frozenset({Exit.STATE, Exit.PRIVATE_STATE, Exit.KEY, Exit.EVENT, Exit.RESPONSE})
    tags = frozenset({UNSORTED})
    message = "JSON without sort_keys=True goes into the ledger or the response here."
