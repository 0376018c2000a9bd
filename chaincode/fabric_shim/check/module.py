"""One module as the rules see it: its source, its data flow, its ways out, and who writes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property, partial

from fabric_shim.check.dataflow import Flow, flows
from fabric_shim.check.functions import Function
from fabric_shim.check.package import Package
from fabric_shim.check.sinks import Exit, Sink, find_sinks
from fabric_shim.check.source import Source
from fabric_shim.check.stub_api import Effect, Method
from fabric_shim.check.tags import NONE, Tags


class Module(Source):
    """A source with everything that is worked out once and asked by many rules.

    :param package: the files that are checked with it.
    :raises SyntaxError: the text is not Python.
    """

    def __init__(self, path: str, text: str, package: Package | None = None) -> None:
        super().__init__(path, text)
        self.package = package or Package()

    @cached_property
    def flows(self) -> dict[Function | None, Flow]:
        """The data flow of each function, and under None that of the module's own statements."""
        return flows(self)

    @cached_property
    def sinks(self) -> list[Sink]:
        """Where values leave transactions."""
        return find_sinks(self, self.flows, self.writers)

    def tags(self, node: ast.expr) -> Tags:
        """What is known of an expression's value."""
        flow = self.flows.get(self.function_of(node))
        return NONE if flow is None else flow.tags(node)

    def leaking(self, exits: frozenset[Exit], tags: Tags) -> Iterator[ast.expr]:
        """The expressions with one of the tags that leave by one of these ways, each once."""
        seen: set[ast.expr] = set()
        for sink in self.sinks:
            if sink.exit in exits and sink.value not in seen and tags & self.tags(sink.value):
                seen.add(sink.value)
                yield sink.value

    @cached_property
    def writers(self) -> frozenset[Function]:
        """The functions that write to the ledger, themselves or through others of the module."""
        return self._by_effect[Effect.WRITE]

    def effects(self, function: Function) -> frozenset[Effect]:
        """What a function may do to the ledger, itself or through others of the module."""
        return frozenset(effect for effect, functions in self._by_effect.items() if function in functions)

    @cached_property
    def _by_effect(self) -> dict[Effect, frozenset[Function]]:
        return {effect: self.reaching(partial(_has_effect, effect)) for effect in Effect}

    def reaching(self, wanted: Callable[[Method], bool]) -> frozenset[Function]:
        """The functions in which such a call of the stub may happen, through others of the module too."""

        def direct(node: ast.AST) -> bool:
            method = self.stub_method(node)
            return method is not None and wanted(method)

        return self.spreading(frozenset(f for f in self.functions if any(map(direct, ast.walk(f.node)))))

    def spreading(self, start: frozenset[Function]) -> frozenset[Function]:
        """These functions and all of the module that call them, at whatever distance."""
        found = set(start)
        calls = [(self.function_of(call), self.callee(call)) for call in self.calls]
        while True:
            callers = {by for by, called in calls if by is not None and called in found} - found
            if not callers:
                return frozenset(found)
            found |= callers

    def stub_calls(self, function: Function) -> Iterator[tuple[ast.Call, Method]]:
        """The calls of the stub in a function, in the order in which they are written."""
        found = [
            (node, method)
            for node in ast.walk(function.node)
            if isinstance(node, ast.Call) and (method := self.stub_method(node)) is not None
        ]
        yield from sorted(found, key=lambda pair: (pair[0].lineno, pair[0].col_offset))


def _has_effect(effect: Effect, method: Method) -> bool:
    return method.effect is effect
