"""FS403."""

from __future__ import annotations

from fabric_shim.check.finding import Severity
from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import ERROR


class ErrorText(LeakRule):
    """Texts of other errors in one's own."""

    code = "FS403"
    name = "error-text"
    severity = Severity.WARNING
    reason = (
        "The text of a KeyError, ValueError or LedgerError quotes what was wrong: keys, arguments, values. "
        "In an own error or log it goes to the client, the peer and the operators."
    )
    fix = "Write an own sentence, and keep the cause with `raise … from error`."
    bad = """
import json

async def admit(ctx) -> dict:
    try:
        return json.loads(ctx.stub.get_transient()["patient"])
    except Exception as error:
        raise ValueError(f"failed: {error}") from error  # FS403
"""
    good = """
import json

async def admit(ctx) -> dict:
    try:
        return json.loads(ctx.stub.get_transient()["patient"])
    except ValueError as error:
        raise ValueError("The transient field patient is not JSON.") from error
"""
    exits = frozenset({Exit.ERROR, Exit.RESPONSE, Exit.EVENT, Exit.STATE, Exit.LOG})
    tags = frozenset({ERROR})
    message = "The text of another error, which may quote data, goes out here."
