"""Whether a range query would give a key that the same function has written, as far as constants tell."""

from __future__ import annotations

import ast

from fabric_shim.check.attributes import last_name
from fabric_shim.check.stub_api import Method, argument


def covers(query: ast.Call, method: Method, key: ast.expr) -> bool:
    """Whether a range query's constants include a key whose beginning is constant too."""
    if method.name == "get_state_by_partial_composite_key":
        made = key if isinstance(key, ast.Call) and last_name(key.func) == "create_composite_key" else None
        wanted = _text(argument(query, method, "object_type"))
        return made is not None and bool(made.args) and wanted is not None and wanted == _text(made.args[0])
    start, end = (_text(argument(query, method, name)) for name in ("start_key", "end_key"))
    begins = _text(key.values[0] if isinstance(key, ast.JoinedStr) and key.values else key)
    if method.name != "get_state_by_range" or start is None or end is None or begins is None:
        return False
    return start <= begins and (not end or begins < end)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
