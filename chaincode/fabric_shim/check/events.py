"""The ledger calls of a function in the order in which they are written, those of helpers included."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fabric_shim.check.functions import Function
from fabric_shim.check.module import Module
from fabric_shim.check.order import may_precede
from fabric_shim.check.stub_api import Effect


@dataclass(frozen=True, slots=True)
class LedgerCall:
    """A call of the stub, or of a function of the checked files that makes such a call."""

    node: ast.Call
    effects: frozenset[Effect]


def ledger_calls(module: Module, function: Function) -> list[LedgerCall]:
    """What a function does to the ledger, in the order in which it is written."""
    return sorted(_calls(module, function), key=lambda call: (call.node.lineno, call.node.col_offset))


def pairs(
    module: Module, function: Function, first: Iterable[Effect], then: Iterable[Effect]
) -> Iterator[tuple[LedgerCall, LedgerCall]]:
    """Calls of one kind, each with the next call of the other kind that may follow it."""
    calls = ledger_calls(module, function)
    wanted, following = frozenset(first), frozenset(then)
    for call in calls:
        if not call.effects & wanted:
            continue
        for later in calls:
            if later.effects & following and may_precede(module.names, call.node, later.node):
                yield call, later
                break


def _calls(module: Module, function: Function) -> Iterator[LedgerCall]:
    for node in ast.walk(function.node):
        if not isinstance(node, ast.Call):
            continue
        method = module.stub_method(node)
        if method is not None:
            yield LedgerCall(node, frozenset({method.effect}))
        elif effects := module.package.effects(module, node):
            yield LedgerCall(node, effects)
