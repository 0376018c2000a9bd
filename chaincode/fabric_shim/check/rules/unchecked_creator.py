"""FS401."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from fabric_shim.check.finding import Severity
from fabric_shim.check.functions import LEDGER_NAMES, Function, Kind, decorator_names
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at

_TOUCHES: Final = re.compile(r"identity|creator|msp_?id|clientid|cid$|caller", re.I)
_PLAIN_DECORATORS: Final = frozenset({"transaction", "submit", "staticmethod", "classmethod", "override"})
_OWN_BASES: Final = ("Contract", "Chaincode")


class UncheckedCreator(Rule):
    """A function that writes and never looks at who called."""

    code = "FS401"
    name = "unchecked-creator"
    severity = Severity.WARNING
    reason = (
        "Every client of every member of the channel may call every function. The peer checks that the "
        "signature is of a member, not that this member may do this: that is for the contract to say."
    )
    fix = (
        "Check ctx.identity (MSP ID, attributes) first, in the function, in a helper, or in "
        "before_transaction."
    )
    bad = """
from fabric_shim.contract import Context, Contract, transaction

class Licences(Contract):
    name = "licences"

    @transaction
    async def grant(self, ctx: Context, physician: str) -> None:  # FS401
        await ctx.stub.put_state(physician, b"granted")
"""
    good = """
from fabric_shim.contract import Context, Contract, transaction

class Licences(Contract):
    name = "licences"

    @transaction
    async def grant(self, ctx: Context, physician: str) -> None:
        ctx.identity.assert_attribute_value("role", "chamber")
        await ctx.stub.put_state(physician, b"granted")
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find submitted functions that write where no check can be seen on the way."""
        checking = module.spreading(frozenset(f for f in module.functions if _checks(module, f)))
        for function in module.functions:
            if function.owner is None or function not in module.writers or function in checking:
                continue
            if not _is_called(module, function) or _checked_for(module, function, checking):
                continue
            yield at(module, function.node, f"{function.name} writes and never looks at who called.")


def _is_called(module: Module, function: Function) -> bool:
    """Whether clients reach the function: by its name, or through an ``invoke`` that hands on the stub."""
    entries = [f for f in module.functions if f.owner is function.owner and f.name.lower() == "invoke"]
    if function.kind not in (Kind.SUBMIT, Kind.UNDECLARED):
        return False
    if not entries:
        return True
    if function in entries:
        # What it hands on to is looked at function by function.
        return any(m.effect.name == "WRITE" for _, m in module.stub_calls(function))
    calls = (node for entry in entries for node in ast.walk(entry.node) if isinstance(node, ast.Call))
    handed = {module.callee(call) for call in calls}
    return function.name.lower() != "init" and function in handed


def _checked_for(module: Module, function: Function, checking: frozenset[Function]) -> bool:
    """Whether something else checks first, or may: a hook, a decorator, a base that is not seen."""
    owner = function.owner
    if owner is None or set(decorator_names(function.node)) - _PLAIN_DECORATORS:
        return True
    if any(not ast.unparse(base).endswith(_OWN_BASES) for base in owner.bases):
        return True
    siblings = [other for other in module.functions if other.owner is owner]
    if any(other.kind is Kind.HOOK and other in checking for other in siblings):
        return True
    entries = [other for other in siblings if other.name.lower() == "invoke" and other is not function]
    return any(_checks(module, entry) for entry in entries)


def _checks(module: Module, function: Function) -> bool:
    for node in ast.walk(function.node):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name and _TOUCHES.search(name):
            return True
        if isinstance(node, ast.Call) and _leaves_module(module, node):
            return True
    return False


def _leaves_module(module: Module, call: ast.Call) -> bool:
    """Whether a call hands the context to code that is not seen here, and that may check."""
    if module.stub_method(call) is not None or module.callee(call) is not None:
        return False
    return any(_is_ledger(value) for value in (*call.args, *(k.value for k in call.keywords)))


def _is_ledger(value: ast.expr) -> bool:
    last = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return last in LEDGER_NAMES
