"""Which variables a function changes in place or for good."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from fabric_shim.check.functions import LEDGER_NAMES, is_ledger
from fabric_shim.check.module import Module

_MUTATORS: Final = frozenset(
    [
        "append",
        "add",
        "update",
        "extend",
        "insert",
        "pop",
        "popitem",
        "clear",
        "remove",
        "discard",
        "setdefault",
        "appendleft",
        "popleft",
        "sort",
        "reverse",
        "__setitem__",
        "__delitem__",
        "difference_update",
        "intersection_update",
        "symmetric_difference_update",
    ]
)
_MAKERS: Final = frozenset(
    {"builtins.list", "builtins.dict", "builtins.set", "builtins.bytearray"}
    | {f"collections.{name}" for name in ("defaultdict", "Counter", "deque", "OrderedDict")}
)


def changed_variables(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The places in functions that change something, each with the outermost variable that it belongs to."""
    for node in module.nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _MUTATORS
        ):
            changed: ast.expr = node.func.value
            if isinstance(changed, ast.Name) and not _is_container(module, changed):
                continue
            # A collaborator's method that is given the context is no container's.
            if any(isinstance(given, ast.Name) and given.id in LEDGER_NAMES for given in node.args):
                continue
            place: ast.expr = node
        elif isinstance(node, ast.Call) and node.args and _changes_first(module, node):
            place, changed = node, node.args[0]
        elif (isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)) or (
            isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        ):
            changed = place = node
        else:
            continue
        if module.names.enclosing_function(node) is not None and not _registers(module, node):
            yield place, _outermost(changed)


def is_mutable_display(module: Module, value: ast.expr) -> bool:
    """Whether an expression makes a list, dict or set."""
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(value, ast.Call) and module.names.resolve(value.func) in _MAKERS


def _changes_first(module: Module, call: ast.Call) -> bool:
    """Whether a builtin changes what it is given first: ``setattr``, or ``next`` on a kept iterator."""
    name = module.names.resolve(call.func)
    if name == "builtins.next" and isinstance(call.args[0], ast.Name):
        return isinstance(module.names.single_value(call.args[0]), ast.Call | ast.GeneratorExp)
    return name in ("builtins.setattr", "builtins.delattr")


def _registers(module: Module, node: ast.AST) -> bool:
    """Whether a change happens while the module is imported: in a function that only decorates."""
    around, outer = module.names.enclosing_function(node), module.function_of(node)
    if outer is None or not isinstance(around, ast.FunctionDef) or around.args.vararg is not None:
        return False
    if any(is_ledger(parameter) for parameter in around.args.args):
        return False
    uses = [n for n in module.nodes if isinstance(n, ast.Name) and n.id == outer.name]
    return outer.owner is None and bool(uses) and all(map(module.is_decorator, uses))


def _is_container(module: Module, variable: ast.Name) -> bool:
    value = module.names.global_value(variable.id)
    return value is not None and is_mutable_display(module, value)


def _outermost(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node
