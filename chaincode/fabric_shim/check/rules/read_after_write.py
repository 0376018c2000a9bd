"""FS201."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from fabric_shim.check.attributes import last_name
from fabric_shim.check.expressions import bound_arguments
from fabric_shim.check.functions import Function
from fabric_shim.check.key_ranges import covers
from fabric_shim.check.module import Module
from fabric_shim.check.order import common_loop, may_precede
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Effect, Method, argument

_DEPTH = 3


class ReadAfterWrite(Rule):
    """Reading what the same transaction has written."""

    code = "FS201"
    name = "read-after-write"
    reason = (
        "A transaction reads the committed state only: what it has written before is not there yet, and "
        "get_state gives the old value, or none."
    )
    fix = "Keep the value that was written in a variable and use that."
    bad = """
async def deposit(ctx, account: str, amount: int) -> int:
    balance = int(await ctx.stub.get_state(account) or 0)
    await ctx.stub.put_state(account, str(balance + amount).encode())
    return int(await ctx.stub.get_state(account) or 0)  # FS201
"""
    good = """
async def deposit(ctx, account: str, amount: int) -> int:
    balance = int(await ctx.stub.get_state(account) or 0) + amount
    await ctx.stub.put_state(account, str(balance).encode())
    return balance
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find reads of a key that the same function may have written before."""
        for function in module.functions:
            accesses = list(_accesses(module, function, _DEPTH))
            found: set[ast.Call] = set()
            for query, method in module.stub_calls(function):
                if any(_misses(module, write, query, method) for write in accesses):
                    yield at(module, query, "A key of this range is written above; the query misses it.")
            for read in accesses:
                if read.method.effect is not Effect.READ or read.call in found:
                    continue
                if any(_shows_old(module, function, write, read) for write in accesses):
                    found.add(read.call)
                    yield at(
                        module, read.call, "This key is written above; the read gives what was there before."
                    )
                elif any(_in_the_round_before(module, write, read) for write in accesses):
                    found.add(read.call)
                    yield at(
                        module,
                        read.call,
                        "The round of the loop before wrote this key; the read gives what was there before.",
                    )


@dataclass(frozen=True, slots=True)
class _Access:
    """A read or write of one entry, at its own call or at that of the helper which makes it."""

    call: ast.Call
    method: Method
    key: tuple[ast.expr, ...]


def _accesses(module: Module, function: Function, depth: int) -> Iterator[_Access]:
    for call in (node for node in ast.walk(function.node) if isinstance(node, ast.Call)):
        method, callee = module.stub_method(call), module.callee(call)
        if method is not None:
            yield from (_Access(call, method, key) for key in _keys(module, call, method))
        elif callee is not None and callee is not function and depth > 0:
            given = dict(bound_arguments(callee, call))
            for inner in _accesses(module, callee, depth - 1):
                replaced = [_Replace(given).visit(copy.deepcopy(part)) for part in inner.key]
                yield _Access(call, inner.method, tuple(_resolved(module, part) for part in replaced))


class _Replace(ast.NodeTransformer):
    """Puts what a call gives in the place of the called function's parameters."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._given.get(node.id, node)


def _shows_old(module: Module, function: Function, write: _Access, read: _Access) -> bool:
    if write.method.effect is not Effect.WRITE or not may_precede(module.names, write.call, read.call):
        return False
    if list(map(ast.unparse, write.key)) != list(map(ast.unparse, read.key)):
        return False
    variables = {node.id for part in read.key for node in ast.walk(part) if isinstance(node, ast.Name)}
    return not any(
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Store)
        and node.id in variables
        and write.call.lineno < node.lineno < read.call.lineno
        for node in ast.walk(function.node)
    )


def _misses(module: Module, write: _Access, query: ast.Call, method: Method) -> bool:
    if write.method.effect is not Effect.WRITE or method.effect is not Effect.RANGE:
        return False
    return may_precede(module.names, write.call, query) and covers(query, method, write.key[-1])


def _in_the_round_before(module: Module, write: _Access, read: _Access) -> bool:
    if write.method.effect is not Effect.WRITE or list(map(ast.unparse, write.key)) != list(
        map(ast.unparse, read.key)
    ):
        return False
    loop = common_loop(module.names, write.call, read.call)
    if loop is None:
        return False
    changing = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    parts = [node for part in read.key for node in ast.walk(part)]
    # A call may give another key in each round.
    calls = [node for node in parts if isinstance(node, ast.Call)]
    same = all(last_name(call.func) == "create_composite_key" for call in calls)
    return same and not any(isinstance(node, ast.Name) and node.id in changing for node in parts)


def _keys(module: Module, call: ast.Call, method: Method) -> Iterator[tuple[ast.expr, ...]]:
    """What names each entry: the collection, if it is private, and the key, with variables resolved."""
    if "validation_parameter" in method.name or not {"key", "keys"} & set(method.parameters):
        return
    collection = argument(call, method, "collection") if method.private else None
    if method.private and collection is None:
        return
    whose = () if collection is None else (_resolved(module, collection),)
    if "key" in method.parameters:
        key = argument(call, method, "key")
        keys = [] if key is None else [key]
    else:
        given = call.args[method.parameters.index("keys") :]
        lists = [value for value in given if isinstance(value, ast.List | ast.Tuple)]
        keys = [*given, *(key for listed in lists for key in listed.elts)]
    yield from ((*whose, _resolved(module, key)) for key in keys)


def _resolved(module: Module, node: ast.expr) -> ast.expr:
    made = module.names.single_value(node) if isinstance(node, ast.Name) else None
    return made if isinstance(made, ast.Call | ast.Constant | ast.JoinedStr | ast.BinOp) else node
