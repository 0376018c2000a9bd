"""FS310."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fabric_shim.check.finding import Severity
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.sinks import Exit
from fabric_shim.check.tags import ARGUMENT, LEDGER, PRIVATE

_STREAMS: Final = ("sys.stdout.", "sys.stderr.", "sys.__stdout__.", "sys.__stderr__.")
_PRINTING: Final = frozenset(
    {"builtins.print", "pprint.pprint", "pprint.pp", "rich.print"}
    | {f"traceback.print_{what}" for what in ("exc", "exception", "last", "stack", "tb", "list")}
)


class Printed(Rule):
    """Text that goes past the logs."""

    code = "FS310"
    name = "printed"
    severity = Severity.WARNING
    reason = (
        "The process's logs withhold arguments, values and the texts of exceptions, whoever logs them; what "
        "is printed goes past that and ends in the same files."
    )
    fix = "Log a literal text with ctx.logger, or leave it out."
    bad = """
import traceback

async def admit(ctx, name: str) -> None:
    try:
        await ctx.stub.put_state(name, b"admitted")
    except ValueError:
        traceback.print_exc()  # FS310
        raise
    print("admitted")  # FS310
"""
    good = """
async def admit(ctx, name: str) -> None:
    try:
        await ctx.stub.put_state(name, b"admitted")
    except ValueError:
        ctx.logger.exception("not admitted")
        raise
    ctx.logger.info("admitted")
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find calls that print, unless another rule speaks of what they print."""
        spoken_of = set(module.leaking(frozenset({Exit.LOG}), frozenset({PRIVATE, ARGUMENT, LEDGER})))
        for call in module.calls:
            name = module.names.resolve(call.func) or ""
            values = {*call.args, *(keyword.value for keyword in call.keywords)}
            if (name in _PRINTING or name.startswith(_STREAMS)) and not values & spoken_of:
                shown = name.removeprefix("builtins.")
                yield at(module, call, f"{shown} goes past the logs' rules to the process's output.")
