"""What a name in the source means: imports, aliases and builtins, as Python's scopes resolve them.

A resolved name is dotted text: ``time.time`` for what was imported, ``builtins.open`` for builtins,
``@Asset`` for a class of the module itself, and ``pathlib.Path()`` for a value made by a call.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BUILTINS = frozenset(dir(builtins))
_MAX_ALIASES = 8
_PATH = "pathlib.Path()"
_SAME_PATH = (f"{_PATH}.parent", _PATH)


@dataclass(slots=True)
class _Scope:
    imports: dict[str, str] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    times_bound: dict[str, int] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    attributes: dict[str, list[ast.expr | None]] = field(default_factory=dict)

    def bind(self, name: str, value: ast.expr | None = None) -> None:
        self.times_bound[name] = self.times_bound.get(name, 0) + 1
        if value is not None:
            self.values[name] = value


class Names:
    """The scopes of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self.parents: dict[ast.AST, ast.AST] = {
            child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
        }
        self._tree = tree
        self._scopes: dict[ast.AST, _Scope] = {}
        for node in ast.walk(tree):
            if isinstance(node, _SCOPES):
                self._scopes[node] = _Scope()
        for node in ast.walk(tree):
            if isinstance(node, ast.Global | ast.Nonlocal):
                self._scope_of(node).elsewhere.update(node.names)
        for node in ast.walk(tree):
            self._bind(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def enclosing_function(self, node: ast.AST) -> FunctionNode | None:
        """The function whose body holds the node; None at the module's or a class's level."""
        for above in self.ancestors(node):
            if isinstance(above, FunctionNode):
                return above
        return None

    def resolve(self, node: ast.expr) -> str | None:
        """What an expression names; None for what is not known."""
        return self._resolve(node, 0)

    def is_global(self, node: ast.Name) -> bool:
        """Whether a name means a variable of the module that no import made."""
        for scope_node, scope in self._visible(node):
            if node.id in scope.elsewhere:
                continue
            if node.id in scope.imports or node.id in scope.times_bound:
                return scope_node is self._tree and node.id not in scope.imports
        return False

    def global_value(self, name: str) -> ast.expr | None:
        """What the module assigns to one of its variables."""
        return self._scopes[self._tree].values.get(name)

    def imported(self, name: str) -> str | None:
        """What the module imports under a name, dotted; relative to the module if it begins with a dot."""
        return self._scopes[self._tree].imports.get(name)

    def single_value(self, node: ast.Name) -> ast.expr | None:
        """The expression behind a name that is assigned exactly once in its scope."""
        for _, scope in self._visible(node):
            if node.id in scope.times_bound or node.id in scope.imports:
                return scope.values.get(node.id) if scope.times_bound.get(node.id) == 1 else None
        return None

    def _resolve(self, node: ast.expr, depth: int) -> str | None:
        if depth > _MAX_ALIASES:
            return None
        if isinstance(node, ast.Attribute):
            return self._resolve_attribute(node, depth)
        if isinstance(node, ast.Call):
            called = self._resolve(node.func, depth)
            return None if called is None else self._resolve_call(node, called, depth)
        if isinstance(node, ast.Name):
            return self._resolve_name(node, depth)
        is_path = isinstance(node, ast.BinOp) and self._resolve(node.left, depth) == _PATH
        return _PATH if is_path else None

    def _resolve_attribute(self, node: ast.Attribute, depth: int) -> str | None:
        kept = self._kept_by_self(node)
        if kept is not None:
            return self._resolve(kept, depth + 1)
        base = self._resolve(node.value, depth)
        return None if base is None else f"{base}.{node.attr}".replace(*_SAME_PATH)

    def _resolve_call(self, call: ast.Call, called: str, depth: int) -> str | None:
        named = [value.value if isinstance(value, ast.Constant) else None for value in call.args]
        if called == "builtins.getattr" and len(named) > 1 and isinstance(named[1], str):
            base = self._resolve(call.args[0], depth)
            return None if base is None else f"{base}.{named[1]}"
        if (
            called in ("builtins.__import__", "importlib.import_module")
            and named
            and isinstance(named[0], str)
        ):
            return named[0] if called.startswith("importlib") else named[0].partition(".")[0]
        return _PATH if called == f"{_PATH}.joinpath" else f"{called}()"

    def _kept_by_self(self, node: ast.Attribute) -> ast.expr | None:
        """The module, class or call that ``self`` is given once for an attribute."""
        if not isinstance(node.value, ast.Name) or node.value.id not in ("self", "cls"):
            return None
        owner = next((above for above in self.ancestors(node) if isinstance(above, ast.ClassDef)), None)
        values = [] if owner is None else self._scopes[owner].attributes.get(node.attr, [])
        return values[0] if len(values) == 1 and isinstance(node.ctx, ast.Load) else None

    def _resolve_name(self, node: ast.Name, depth: int) -> str | None:
        for _, scope in self._visible(node):
            if node.id in scope.elsewhere:
                continue
            if node.id in scope.imports:
                return scope.imports[node.id]
            if node.id in scope.classes:
                return f"@{node.id}"
            if node.id in scope.annotations:
                made = self._resolve(scope.annotations[node.id], depth + 1)
                return None if made is None else f"{made}()"
            if node.id in scope.times_bound:
                value = scope.values.get(node.id)
                if scope.times_bound[node.id] > 1 or value is None:
                    return None
                return self._resolve(value, depth + 1)
        origin = ["builtins"] if node.id in _BUILTINS else self._scopes[self._tree].stars[-1:]
        return f"{origin[0]}.{node.id}" if origin else None

    def _visible(self, node: ast.AST) -> Iterator[tuple[ast.AST, _Scope]]:
        inner = True
        child = node
        for above in self.ancestors(node):
            scope = self._scopes.get(above)
            inside = not isinstance(above, FunctionNode) or child in above.body
            child = above
            # Decorators, defaults and annotations are worked out where the function is defined.
            if scope is None or not inside:
                continue
            # A class's names are seen from its own statements only, not from its methods.
            if inner or not isinstance(above, ast.ClassDef):
                yield above, scope
            inner = False

    def _scope_of(self, node: ast.AST) -> _Scope:
        return next(self._scopes[above] for above in self.ancestors(node) if above in self._scopes)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self._scope_of(node).imports[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom):
            self._bind_from(node)
        elif isinstance(node, ast.ClassDef):
            self._scope_of(node).classes.add(node.name)
        elif isinstance(node, FunctionNode):
            self._scope_of(node).bind(node.name)
        elif isinstance(node, ast.arg):
            scope = self._scope_of(node)
            scope.bind(node.arg)
            if node.annotation is not None:
                scope.annotations[node.arg] = node.annotation
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self._scope_of(node).bind(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            scope = self._scope_of(node)
            if node.id in scope.elsewhere:
                scope = self._scopes[self._tree]
            scope.bind(node.id, self._assigned(node))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            self._bind_attribute(node)

    def _bind_from(self, node: ast.ImportFrom) -> None:
        scope, origin = self._scope_of(node), "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                scope.stars.append(origin)
            else:
                scope.imports[alias.asname or alias.name] = f"{origin}.{alias.name}"

    def _bind_attribute(self, node: ast.Attribute) -> None:
        owner = next((above for above in self.ancestors(node) if isinstance(above, ast.ClassDef)), None)
        if owner is not None and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            self._scopes[owner].attributes.setdefault(node.attr, []).append(self._assigned(node))

    def _assigned(self, target: ast.expr) -> ast.expr | None:
        statement = self.parents[target]
        if isinstance(statement, ast.Assign) and target in statement.targets:
            return statement.value
        if isinstance(statement, ast.Tuple) and isinstance(whole := self.parents[statement], ast.Assign):
            given = whole.value.elts if isinstance(whole.value, ast.Tuple) else []
            return given[statement.elts.index(target)] if len(given) == len(statement.elts) else None
        if isinstance(statement, ast.AnnAssign | ast.NamedExpr):
            return statement.value
        if isinstance(statement, ast.withitem):
            return statement.context_expr
        return None
