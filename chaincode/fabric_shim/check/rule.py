"""What a rule is: a code, a reason, a fix, two examples, and the check itself."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from fabric_shim.check.finding import Finding, Severity
from fabric_shim.check.module import Module

_LINES = (ast.stmt, ast.excepthandler)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is broken, and how.

    :ivar line: from 1.
    :ivar column: from 0, as in :mod:`ast`.
    :ivar last_line: of the statement; a comment there silences the rule as well.
    """

    line: int
    column: int
    last_line: int
    message: str


class Rule(ABC):
    """One rule. The examples are its test and its page: the bad one is found at the lines that end in
    ``# FS…`` and nowhere else, the good one not at all.

    :cvar code: ``FS`` and three digits; stable.
    :cvar name: short, in lower case with dashes; stable.
    :cvar reason: why it does harm on a Fabric network.
    :cvar fix: one sentence: what to do instead.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    reason: ClassVar[str]
    fix: ClassVar[str]
    bad: ClassVar[str]
    good: ClassVar[str]

    @abstractmethod
    def check(self, module: Module, /) -> Iterator[Place]:
        """Find the places of a module that break the rule."""

    def finding(self, path: str, place: Place) -> Finding:
        """Make the finding of a place."""
        return Finding(
            path, place.line, place.column + 1, self.code, place.message, self.fix, self.severity.value
        )


def at(module: Module, node: ast.expr | ast.stmt | ast.excepthandler | ast.arg, message: str) -> Place:
    """The place of a node."""
    statement = next(above for above in (node, *module.names.ancestors(node)) if isinstance(above, _LINES))
    body = getattr(statement, "body", None)
    # A comment of a function or a block stands in its head.
    last = statement.end_lineno if body is None else max(node.lineno, body[0].lineno - 1)
    # The tree counts columns in bytes of UTF-8.
    before = module.lines[node.lineno - 1].encode()[: node.col_offset].decode(errors="ignore")
    return Place(node.lineno, len(before), last or node.lineno, message)


class ForbiddenNames(Rule):
    """A rule against the use of names.

    :cvar forbidden: what is wrong, and the dotted names that it is said of, separated by blanks; one
        that ends in a dot forbids all that it begins.
    :cvar allowed: exceptions of it.
    """

    forbidden: ClassVar[tuple[tuple[str, str], ...]]
    allowed: ClassVar[frozenset[str]] = frozenset()

    def check(self, module: Module, /) -> Iterator[Place]:
        """Find every use."""
        for node, name in module.named:
            if (what := self.forbids(name)) is not None:
                yield at(module, node, f"{name.removeprefix('builtins.')} {what}.")

    def forbids(self, name: str) -> str | None:
        """What is wrong with a name; None if nothing."""
        if name in self.allowed:
            return None
        # What a forbidden call gives is found where it is made, not at each of its methods again.
        dots = () if "()" in name else [end for end, letter in enumerate(name) if letter == "."]
        parts = (name, *(part for end in reversed(dots) for part in (name[: end + 1], name[:end])))
        return next((self._by_name[part] for part in parts if part in self._by_name), None)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {name: what for what, names in self.forbidden for name in names.split()}
