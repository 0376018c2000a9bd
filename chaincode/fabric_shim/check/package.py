"""The checked files as one program: what functions do that a module imports from another one."""

from __future__ import annotations

import ast
import os
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fabric_shim.check.functions import Function
from fabric_shim.check.source import Source
from fabric_shim.check.stub_api import Effect

_MAX_REEXPORTS: Final = 8
_Place = tuple[Source, Function]


class Package:
    """Finds functions across files, among the checked ones only: nothing is read that was not named.

    :param files: the checked files.
    """

    def __init__(self, files: Iterable[Path] = ()) -> None:
        self._files = {os.path.realpath(file): file for file in files}
        self._sources: dict[Path, Source | None] = {}
        self._effects: dict[Function, frozenset[Effect]] = {}

    def effects(self, source: Source, call: ast.Call) -> frozenset[Effect]:
        """What the function that a call is of may do to the ledger, itself or through others; of any file."""
        place = self._called(source, call)
        return frozenset() if place is None else self._effects_of(place)

    def _effects_of(self, start: _Place) -> frozenset[Effect]:
        if start[1] not in self._effects:
            found: set[Effect] = set()
            pending, seen = [start], {start[1]}
            while pending:
                source, function = pending.pop()
                for call in (node for node in ast.walk(function.node) if isinstance(node, ast.Call)):
                    method = source.stub_method(call)
                    if method is not None:
                        found.add(method.effect)
                    elif (place := self._called(source, call)) is not None and place[1] not in seen:
                        seen.add(place[1])
                        pending.append(place)
            self._effects[start[1]] = frozenset(found)
        return self._effects[start[1]]

    def _called(self, source: Source, call: ast.Call) -> _Place | None:
        callee = source.callee(call)
        if callee is not None:
            return source, callee
        name = source.names.resolve(call.func)
        return None if name is None or not self._files else self._imported(source, name, _MAX_REEXPORTS)

    def _imported(self, source: Source, name: str, further: int) -> _Place | None:
        """Find the function of a dotted name as one module knows it; through modules that only pass it on."""
        for file, member in self._candidates(Path(source.path).absolute(), name):
            found = self._source(file)
            if found is None:
                continue
            for function in found.functions:
                if function.owner is None and function.name == member:
                    return found, function
            passed_on = found.names.imported(member)
            if passed_on is not None and further:
                return self._imported(found, passed_on, further - 1)
        return None

    def _candidates(self, importer: Path, name: str) -> Iterator[tuple[Path, str]]:
        dots = len(name) - len(name.lstrip("."))
        *module, member = name[dots:].split(".")
        if not all(part.isidentifier() for part in (*module, member)):
            return
        # ``from . import tools`` and ``from ..tools import …`` both begin with ``..tools``.
        levels = {dots, dots - 1} - {0} if dots else ()
        bases = [importer.parents[level - 1] for level in sorted(levels) if level <= len(importer.parents)]
        for base in bases or [_root(importer)]:
            folder = base.joinpath(*module)
            for file in (folder.with_name(f"{folder.name}.py"), folder / "__init__.py"):
                known = self._files.get(os.path.realpath(file))
                if known is not None:
                    yield known, member

    def _source(self, file: Path) -> Source | None:
        if file not in self._sources:
            try:
                with tokenize.open(file) as opened:
                    self._sources[file] = Source(file.as_posix(), opened.read())
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                # What is wrong with it is a finding of its own.
                self._sources[file] = None
        return self._sources[file]


def _root(importer: Path) -> Path:
    """The folder that the module's own package lies in."""
    folder = importer.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder
