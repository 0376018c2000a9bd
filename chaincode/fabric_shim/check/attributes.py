"""What a class of the module says about its attributes: sets and floats, by annotation or by value."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check import tags
from fabric_shim.check.names import Names
from fabric_shim.check.tags import NONE, Tags

_SETS = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})


def attribute_tags(owner: ast.ClassDef, names: Names) -> dict[str, Tags]:
    """The tags of a class's variables, of its instances' fields, and of what its methods give ``self``."""
    found: dict[str, Tags] = {}
    for name, annotation, value in _assigned(owner):
        found[name] = found.get(name, NONE) | annotated(annotation) | _made(value, names)
    return found


def annotated(annotation: ast.expr | None) -> Tags:
    """What an annotation says of a value."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return NONE
    if annotation is None:
        return NONE
    found: set[str] = set()
    if last_name(annotation.value if isinstance(annotation, ast.Subscript) else annotation) in _SETS:
        found.add(tags.SET)
    for part in ast.walk(annotation):
        if last_name(part) == "Transient":
            found.add(tags.PRIVATE)
        elif last_name(part) == "float":
            found.add(tags.FLOAT)
    return frozenset(found)


def last_name(node: ast.AST) -> str:
    """The name that a dotted name ends in; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _assigned(owner: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    for statement in ast.walk(owner):
        if isinstance(statement, ast.Assign):
            targets, annotation = statement.targets, None
        elif isinstance(statement, ast.AnnAssign):
            targets, annotation = [statement.target], statement.annotation
        else:
            continue
        for target in targets:
            own = isinstance(target, ast.Name) and statement in owner.body
            of_self = isinstance(target, ast.Attribute) and last_name(target.value) in ("self", "cls")
            if own or of_self:
                yield last_name(target), annotation, statement.value


def _made(value: ast.expr | None, names: Names) -> Tags:
    if isinstance(value, ast.Set | ast.SetComp):
        return frozenset({tags.SET})
    if isinstance(value, ast.Constant) and isinstance(value.value, float):
        return frozenset({tags.FLOAT})
    if isinstance(value, ast.Call) and names.resolve(value.func) in ("builtins.set", "builtins.frozenset"):
        return frozenset({tags.SET})
    return NONE
