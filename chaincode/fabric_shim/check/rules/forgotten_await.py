"""FS205."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.names import FunctionNode
from fabric_shim.check.rule import Place, Rule, at

_PASSED_ON = (ast.Await, ast.Return, ast.Yield, ast.Lambda, ast.List, ast.Tuple, ast.Dict, ast.Starred)
_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


class ForgottenAwait(Rule):
    """A call of the stub without ``await``."""

    code = "FS205"
    name = "forgotten-await"
    reason = (
        "In an async function the stub's methods give something to await. Without the await nothing is read "
        "or written: the transaction succeeds and changes nothing."
    )
    fix = "Write await before the call."
    bad = """
async def keep(ctx, key: str, value: str) -> None:
    ctx.stub.put_state(key, value.encode())  # FS205
"""
    good = """
async def keep(ctx, key: str, value: str) -> None:
    await ctx.stub.put_state(key, value.encode())
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find calls of awaitable stub methods and coroutines of the module that nobody awaits."""
        for call in module.calls:
            if not isinstance(module.names.enclosing_function(call), ast.AsyncFunctionDef):
                continue
            around = module.names.parents[call]
            method, callee = module.stub_method(call), module.callee(call)
            if method is not None:
                if method.awaited and not isinstance(around, _PASSED_ON) and not _kept(module, call, around):
                    yield at(module, call, f"{method.name} is not awaited: nothing happens.")
            elif callee is not None and isinstance(around, ast.Expr) and _is_coroutine(callee.node):
                yield at(module, call, f"{callee.name} is not awaited: nothing happens.")


def _kept(module: Module, call: ast.Call, around: ast.AST) -> bool:
    """Whether the awaitable is kept in a way that lets it be awaited later."""
    if isinstance(around, _COMPREHENSIONS):
        return not isinstance(module.names.parents[around], ast.Return)
    if isinstance(around, ast.Call) and call in around.args:
        name = around.func.attr if isinstance(around.func, ast.Attribute) else ast.unparse(around.func)
        return name in ("append", "gather", "create_task", "ensure_future", "wait_for", "shield")
    function = module.names.enclosing_function(call)
    if isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Name) and function is not None:
        kept = around.targets[0].id
        return any(
            isinstance(node, ast.Await) and kept in {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            for node in ast.walk(function)
        )
    return False


def _is_coroutine(function: FunctionNode) -> bool:
    yields = any(isinstance(node, ast.Yield) for node in ast.walk(function))
    return isinstance(function, ast.AsyncFunctionDef) and not yields
