"""FS306."""

from __future__ import annotations

from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import PRIVATE


class PrivateLog(LeakRule):
    """Private values in logs."""

    code = "FS306"
    name = "private-in-log"
    reason = (
        "Logs are copied, kept and read by people who may not see the data, and nothing that is purged from "
        "the ledger is purged from them."
    )
    fix = "Log that it happened and the transaction id, never what it was about."
    bad = """
import logging

logger = logging.getLogger(__name__)

async def admit(ctx) -> None:
    transient = ctx.stub.get_transient()
    logger.info("admitting %s", transient["name"])  # FS306
"""
    good = """
import logging

logger = logging.getLogger(__name__)

async def admit(ctx) -> None:
    transient = ctx.stub.get_transient()
    logger.info("admitting in %s with %d fields", ctx.stub.get_tx_id(), len(transient))
"""
    exits = frozenset({Exit.LOG})
    tags = frozenset({PRIVATE})
    message = "A private value is logged here."
