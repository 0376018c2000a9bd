"""FS104."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.known_calls import builtin_names
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.tags import SET

_ORDERED = builtin_names("list tuple iter next enumerate zip map filter str repr format print reversed") | {
    "builtins.dict.fromkeys",
    "json.dumps",
    "functools.reduce",
}
_ORDERED_METHODS = frozenset({"join", "extend", "fromkeys", "pop"})
_ORDERLESS = builtin_names("sorted set frozenset len min max any all sum") | {"collections.Counter"}
_ORDERLESS_METHODS = frozenset({"update", "union", "intersection", "difference", "issubset", "issuperset"})


class SetOrder(Rule):
    """A set's order lets itself be seen."""

    code = "FS104"
    name = "set-order"
    reason = (
        "The order of a set of texts depends on the hash seed, which every process draws anew: two "
        "endorsers go through the same set in another order, and write or answer something else."
    )
    fix = "Go through sorted(the_set), or use a list or dict, which keep their order."
    bad = """
async def tag(ctx, key: str, words: list[str]) -> None:
    unique = set(words)
    for word in unique:  # FS104
        await ctx.stub.put_state(f"{key}-{word}", b"1")
    await ctx.stub.put_state(key, ",".join(unique).encode())  # FS104
"""
    good = """
async def tag(ctx, key: str, words: list[str]) -> None:
    unique = set(words)
    for word in sorted(unique):
        await ctx.stub.put_state(f"{key}-{word}", b"1")
    await ctx.stub.put_state(key, ",".join(sorted(unique)).encode())
    if "urgent" in unique and len(unique) > 1:
        ctx.stub.set_event("urgent", b"")
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find loops over sets and calls that put a set in some order."""
        for node in module.nodes:
            for value in _put_in_order(module, node):
                if SET in module.tags(value):
                    yield at(module, value, "The order of this set is another one in each process.")


def _put_in_order(module: Module, node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.For | ast.AsyncFor):
        yield node.iter
    elif isinstance(node, ast.ListComp | ast.DictComp | ast.GeneratorExp):
        if not _orderless(module, node):
            yield from (generator.iter for generator in node.generators)
    elif isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load):
        around = module.names.parents[node]
        if not isinstance(around, ast.Set) and not _orderless(module, node):
            yield node.value
    elif (
        isinstance(node, ast.FormattedValue)
        or (
            isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Tuple | ast.List) for target in node.targets)
        )
        or isinstance(node, ast.YieldFrom)
    ):
        yield node.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        yield from node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    elif isinstance(node, ast.Call):
        yield from _ordering_arguments(module, node)


def _ordering_arguments(module: Module, call: ast.Call) -> Iterator[ast.expr]:
    if _orderless(module, call):
        return
    name = module.names.resolve(call.func)
    if name in _ORDERED or (name or "").startswith("itertools."):
        yield from call.args
    elif isinstance(call.func, ast.Attribute) and call.func.attr in _ORDERED_METHODS:
        yield from call.args
        if call.func.attr == "pop" and not call.args:
            yield call.func.value


def _orderless(module: Module, node: ast.AST) -> bool:
    """Whether a value goes straight to something that does not look at the order."""
    around = module.names.parents.get(node)
    if isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Name):
        return _is_sorted_next(module, around.targets[0])
    if not isinstance(around, ast.Call) or node not in around.args:
        return False
    if module.names.resolve(around.func) in _ORDERLESS:
        return True
    return isinstance(around.func, ast.Attribute) and around.func.attr in _ORDERLESS_METHODS


def _is_sorted_next(module: Module, variable: ast.Name) -> bool:
    """Whether the first thing that is done with a variable is ``variable.sort()``."""
    function = module.names.enclosing_function(variable) or module.tree
    uses = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
        and node.id == variable.id
        and (node.lineno, node.col_offset) > (variable.lineno, variable.col_offset)
    ]
    first = min(uses, key=lambda use: (use.lineno, use.col_offset), default=None)
    around = None if first is None else module.names.parents[first]
    return isinstance(around, ast.Attribute) and around.attr == "sort"
