"""FS402."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.functions import Function
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Method

_MESSAGE = "The transaction goes on after the peer has refused a request."
_CATCHING = frozenset({"Exception", "BaseException", "LedgerError", "ShimError"})


class SwallowedRefusal(Rule):
    """A handler that goes on after the peer refused."""

    code = "FS402"
    name = "swallowed-refusal"
    reason = (
        "When the peer refuses a request, the transaction must fail. Going on commits half of it; and peers "
        "refuse for reasons of their own (a missing collection, a timeout), so another endorser takes the "
        "other branch."
    )
    fix = "Let the error pass, or raise your own: `raise ChaincodeError(…) from error`."
    bad = """
async def move(ctx, old: str, new: str) -> None:
    await ctx.stub.put_state(new, b"here")
    try:
        await ctx.stub.del_state(old)
    except Exception:  # FS402
        pass
"""
    good = """
from fabric_shim import ChaincodeError, LedgerError

async def move(ctx, old: str, new: str) -> None:
    await ctx.stub.put_state(new, b"here")
    try:
        await ctx.stub.del_state(old)
    except LedgerError as error:
        raise ChaincodeError("The old place cannot be cleared.") from error
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find broad handlers around ledger calls that neither raise nor refuse the transaction."""
        asking = module.reaching(_asks)
        for node in module.nodes:
            if isinstance(node, ast.Try | ast.TryStar) and _asks_within(module, node.body, asking):
                for handler in node.handlers:
                    if _catches_refusals(handler) and not _refuses(handler):
                        yield at(module, handler, _MESSAGE)
            elif isinstance(node, ast.With) and _asks_within(module, node.body, asking):
                for item in node.items:
                    if _suppresses(module, item.context_expr):
                        yield at(module, item.context_expr, _MESSAGE)


def _asks_within(module: Module, body: list[ast.stmt], asking: frozenset[Function]) -> bool:
    calls = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    methods = (module.stub_method(call) for call in calls)
    return any(m is not None and m.asks_ledger for m in methods) or any(
        module.callee(call) in asking for call in calls
    )


def _suppresses(module: Module, manager: ast.expr) -> bool:
    return module.names.resolve(manager) == "contextlib.suppress()" and any(
        _is_broad(kind) for kind in (manager.args if isinstance(manager, ast.Call) else ())
    )


def _is_broad(kind: ast.expr) -> bool:
    return ast.unparse(kind).rpartition(".")[2] in _CATCHING


def _asks(method: Method) -> bool:
    return method.asks_ledger


def _catches_refusals(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(map(_is_broad, caught))


def _refuses(handler: ast.ExceptHandler) -> bool:
    """Whether a handler raises, or returns what looks like an error response."""
    for statement in handler.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Raise):
                return True
            if (
                isinstance(node, ast.Return)
                and node.value is not None
                and "error" in ast.unparse(node.value).lower()
            ):
                return True
    return False
