"""FS308."""

from __future__ import annotations

from fabric_shim.check.finding import Severity
from fabric_shim.check.leak import LeakRule
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import ARGUMENT, LEDGER


class LoggedData(LeakRule):
    """Arguments and values in logs."""

    code = "FS308"
    name = "logged-data"
    severity = Severity.WARNING
    reason = (
        "Arguments, keys and values are the members' business; an operator's log is a copy that nobody has "
        "agreed to, and it outlives every deletion."
    )
    fix = "Log the function's name, the transaction id and the outcome."
    bad = """
import logging

logger = logging.getLogger(__name__)

async def invoke(stub):
    function, arguments = stub.get_function_and_parameters()
    logger.info("%s called with %s", function, arguments)  # FS308
"""
    good = """
import logging

logger = logging.getLogger(__name__)

async def invoke(stub):
    function, arguments = stub.get_function_and_parameters()
    logger.info("%s called with %d arguments in %s", function, len(arguments), stub.get_tx_id())
"""
    exits = frozenset({Exit.LOG})
    tags = frozenset({ARGUMENT, LEDGER})
    message = "Arguments or values of the ledger are logged here."
