"""Which of two places of a function can run before the other in one transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.names import Names

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def may_precede(names: Names, first: ast.AST, second: ast.AST) -> bool:
    """Whether ``second`` can run after ``first``, read top to bottom: a loop's next round does not count."""
    if _position(first) >= _position(second):
        return False
    around_second = {id(statements) for statements in _blocks(names, second)}
    for statements in _blocks(names, first):
        if id(statements) in around_second:
            return not _exclusive(names, first, second)
        if isinstance(statements[-1], _LEAVES):
            return False
    return False


def in_loop(names: Names, node: ast.AST) -> bool:
    """Whether a node is in the body of a loop of its function, and a further round can follow it."""
    child = node
    for above in names.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        held = [block for block in ("body", "orelse") if child in (getattr(above, block, None) or ())]
        for block in held:
            if isinstance(getattr(above, block)[-1], ast.Return | ast.Raise | ast.Break):
                return False
            if isinstance(above, ast.For | ast.AsyncFor | ast.While) and block == "body":
                return True
        child = above
    return False


def common_loop(names: Names, first: ast.AST, second: ast.AST) -> ast.For | ast.AsyncFor | ast.While | None:
    """The innermost loop around both nodes; None: there is none, or it has no further round."""
    around_second = {id(above) for above in names.ancestors(second)}
    for above in names.ancestors(first):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        if isinstance(above, ast.For | ast.AsyncFor | ast.While) and id(above) in around_second:
            return above if in_loop(names, first) and in_loop(names, second) else None
    return None


def _position(node: ast.AST) -> tuple[int, int]:
    # A call runs when all of it has been read: its arguments run before it.
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _blocks(names: Names, node: ast.AST) -> Iterator[list[ast.stmt]]:
    child = node
    for above in names.ancestors(node):
        for _, value in ast.iter_fields(above):
            if isinstance(value, list) and isinstance(child, ast.stmt) and child in value:
                yield value
        child = above


def _exclusive(names: Names, first: ast.AST, second: ast.AST) -> bool:
    branches = dict(_branches(names, first))
    return any(branches.get(fork, branch) != branch for fork, branch in _branches(names, second))


def _branches(names: Names, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    child = node
    for above in names.ancestors(node):
        if isinstance(above, ast.If | ast.IfExp):
            for branch, held in (("then", above.body), ("else", above.orelse)):
                if child is held or (isinstance(held, list) and child in held):
                    yield above, branch
        elif isinstance(above, ast.Match) and isinstance(child, ast.match_case):
            yield above, str(above.cases.index(child))
        elif isinstance(above, ast.Try) and isinstance(child, ast.ExceptHandler):
            yield above, str(above.handlers.index(child))
        child = above
