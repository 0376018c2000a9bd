"""One parsed module with what the rules ask about it most: names, functions, calls of the stub."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePath

from fabric_shim.check.attributes import attribute_tags, last_name
from fabric_shim.check.functions import LEDGER_NAMES, Function, find_functions
from fabric_shim.check.names import FunctionNode, Names
from fabric_shim.check.stub_api import Method, method_named
from fabric_shim.check.tags import FLOAT, NONE, Tags


class Source:
    """A module's text and its tree.

    :param path: as it was named to the check.
    :raises SyntaxError: the text is not Python.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.split("\n")
        with warnings.catch_warnings():
            # What Python itself warns of in a text is a linter's business.
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text, path)
        self.names = Names(self.tree)
        self.functions: tuple[Function, ...] = tuple(find_functions(self.tree, self.names))
        self._attributes: dict[ast.ClassDef, dict[str, Tags]] = {}
        self._stub_methods: dict[ast.AST, Method | None] = {}
        self._callees: dict[ast.Call, Function | None] = {}
        self._classes = {n.name: n for n in self.names.parents if isinstance(n, ast.ClassDef)}
        self._started_only = self._find_started_only()

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node that a transaction may run: what only starts the server is left out."""
        if PurePath(self.path).name == "__main__.py":
            return ()
        found: list[ast.AST] = []
        pending: list[ast.AST] = [self.tree]
        while pending:
            node = pending.pop()
            if node not in self._started_only and not is_main_guard(node):
                found.append(node)
                pending += reversed(list(ast.iter_child_nodes(node)))
        return tuple(found)

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """Every call among them."""
        return tuple(node for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def named(self) -> tuple[tuple[ast.expr, str], ...]:
        """Every use of a name that is known, with its dotted text; annotations are not uses."""
        return tuple(self._named())

    def stub_method(self, node: ast.AST) -> Method | None:
        """The stub's method that a call is of; None for any other node."""
        if node not in self._stub_methods:
            self._stub_methods[node] = self._find_stub_method(node)
        return self._stub_methods[node]

    def _find_stub_method(self, node: ast.AST) -> Method | None:
        if not isinstance(node, ast.Call):
            return None
        if isinstance(node.func, ast.Name):
            kept = self.names.single_value(node.func)
            return method_named(kept.attr) if isinstance(kept, ast.Attribute) else None
        if not isinstance(node.func, ast.Attribute):
            return None
        given_ledger = any(isinstance(value, ast.Name) and value.id in LEDGER_NAMES for value in node.args)
        if given_ledger or self.callee(node) is not None:
            return None
        resolved = self.names.resolve(node.func)
        # A function of an imported module (typing.get_args) is no method of a value.
        return method_named(node.func.attr) if resolved is None or "()" in resolved else None

    def callee(self, call: ast.Call) -> Function | None:
        """The function of this module that a call is of, as far as its name tells."""
        if call not in self._callees:
            self._callees[call] = self._find_callee(call)
        return self._callees[call]

    def _find_callee(self, call: ast.Call) -> Function | None:
        function = call.func
        if isinstance(function, ast.Name):
            if not self.names.is_global(function):
                return None
            return next((f for f in self.functions if f.owner is None and f.name == function.id), None)
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return None
        owner = self._owner(function.value)
        while owner is not None:
            for candidate in self.functions:
                if candidate.owner is owner and candidate.name == function.attr:
                    return candidate
            owner = self._base(owner)
        return None

    def is_decorator(self, name: ast.Name) -> bool:
        """Whether a name stands for a decorator, called or not."""
        above: ast.AST = self.names.parents[name]
        used: ast.AST = name
        if isinstance(above, ast.Call) and above.func is name:
            used, above = above, self.names.parents[above]
        return used in getattr(above, "decorator_list", ())

    def function_of(self, node: ast.AST) -> Function | None:
        """The outermost function or method around a node."""
        found = None
        by_node = self._by_node
        for above in (node, *self.names.ancestors(node)):
            if isinstance(above, FunctionNode):
                found = by_node.get(above, found)
        return found

    def attribute_tags(self, node: ast.Attribute) -> Tags | None:
        """What the module says of an attribute of one of its classes; None if nothing."""
        owner: ast.ClassDef | None = None
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            owner = self._owner(node.value)
        elif (name := self.names.resolve(node.value) or "").startswith("@"):
            owner = self.local_class(name.strip("@()"))
        return None if owner is None else self._attributes_of(owner).get(node.attr)

    def fields_tags(self, annotation: ast.expr | None) -> Tags:
        """That a value of an annotated type holds floats, if it is a class of the module that does."""
        owner = None if annotation is None else self.local_class(last_name(annotation))
        held = NONE if owner is None else NONE.union(*self._attributes_of(owner).values())
        return held & {FLOAT}

    def _attributes_of(self, owner: ast.ClassDef) -> dict[str, Tags]:
        if owner not in self._attributes:
            self._attributes[owner] = attribute_tags(owner, self.names)
        return self._attributes[owner]

    def local_class(self, name: str) -> ast.ClassDef | None:
        """The module's class of a name."""
        return self._classes.get(name)

    @cached_property
    def _by_node(self) -> dict[ast.AST, Function]:
        return {function.node: function for function in self.functions}

    def _named(self) -> Iterator[tuple[ast.expr, str]]:
        for node in self.nodes:
            by_text = isinstance(node, ast.Call) and self.names.resolve(node.func) == "builtins.getattr"
            plain = isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
            if not isinstance(node, ast.expr) or not (plain or by_text):
                continue
            if isinstance(self.names.parents.get(node), ast.Attribute) or self._in_annotation(node):
                continue
            resolved = self.names.resolve(node)
            if resolved is not None:
                yield node, resolved

    def _in_annotation(self, node: ast.AST) -> bool:
        child = node
        for above in self.names.ancestors(node):
            if child is getattr(above, "annotation", None) or child is getattr(above, "returns", None):
                return True
            if isinstance(above, ast.stmt):
                return False
            child = above
        return False

    def _owner(self, receiver: ast.Name) -> ast.ClassDef | None:
        if receiver.id in ("self", "cls"):
            around = self.names.ancestors(receiver)
            return next((above for above in around if isinstance(above, ast.ClassDef)), None)
        return self.local_class(receiver.id)

    def _base(self, owner: ast.ClassDef) -> ast.ClassDef | None:
        named = (base.id for base in owner.bases if isinstance(base, ast.Name))
        known = (self.local_class(name) for name in named)
        return next((found for found in known if found is not None and found.lineno < owner.lineno), None)

    def _find_started_only(self) -> frozenset[ast.AST]:
        started: set[ast.AST] = {
            f.node for f in self.functions if f.owner is None and f.name == "main" and not f.takes_ledger
        }
        uses: dict[str, list[ast.Name]] = {}
        for node in self.names.parents:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                uses.setdefault(node.id, []).append(node)
        for _ in self.functions:
            before = len(started)
            for function in self.functions:
                places = uses.get(function.name, [])
                if function.owner is None and not function.takes_ledger and places:
                    inside = all(
                        any(a in started or is_main_guard(a) for a in self.names.ancestors(use))
                        for use in places
                    )
                    if inside:
                        started.add(function.node)
            if len(started) == before:
                break
        return frozenset(started)


def is_main_guard(node: ast.AST) -> bool:
    """Whether a node is ``if __name__ == "__main__":``."""
    return isinstance(node, ast.If) and ast.unparse(node.test).replace('"', "'") in (
        "__name__ == '__main__'",
        "'__main__' == __name__",
    )
