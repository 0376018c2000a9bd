"""FS105."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.functions import decorator_names
from fabric_shim.check.module import Module
from fabric_shim.check.names import FunctionNode
from fabric_shim.check.rule import Place, Rule, at

_NAMES = {
    "builtins.hash": "depends on the hash seed of the process",
    "builtins.id": "is an address in this process's memory",
    "builtins.object.__repr__": "shows an address in this process's memory",
    "builtins.object.__hash__": "is an address in this process's memory",
}
_TEXT_METHODS = frozenset({"__str__", "__repr__", "__format__"})
_TO_TEXT = frozenset({"builtins.str", "builtins.repr", "builtins.format"})
_OWN_METHODS = frozenset({"__hash__", "__repr__", "__eq__"})


class IdentityOrder(Rule):
    """What an object is called in this process."""

    code = "FS105"
    name = "hash-and-id"
    reason = (
        "hash() of a text depends on the process's hash seed; id() and the text of an object without a "
        "__repr__ are addresses in memory: another value on each endorser."
    )
    fix = "Use hashlib.sha256 for a hash, a field of the object for its name, and a dataclass for its text."
    bad = """
class Asset:
    def __init__(self, owner: str) -> None:
        self.owner = owner

async def create(ctx, owner: str) -> None:
    asset = Asset(owner)
    shard = hash(owner) % 16  # FS105
    await ctx.stub.put_state(f"asset-{shard}", str(asset).encode())  # FS105
"""
    good = """
import hashlib
from dataclasses import dataclass

@dataclass(frozen=True)
class Asset:
    owner: str

async def create(ctx, owner: str) -> None:
    asset = Asset(owner)
    shard = hashlib.sha256(owner.encode()).digest()[0] % 16
    await ctx.stub.put_state(f"asset-{shard}", asset.owner.encode())
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find hash, id, and texts of objects that have none."""
        for node, name in module.named:
            around = module.names.enclosing_function(node)
            if name in _NAMES and (around is None or around.name not in _OWN_METHODS):
                yield at(module, node, f"{name.removeprefix('builtins.')} {_NAMES[name]}.")
        for call in module.calls:
            around = module.names.enclosing_function(call)
            named = call.func.attr if isinstance(call.func, ast.Attribute) and not call.args else ""
            if named == "__hash__" and (around is None or around.name not in _OWN_METHODS):
                yield at(module, call, "__hash__ depends on the hash seed of the process.")
        for part in module.nodes:
            for shown in _shown(module, part):
                if _has_no_text(module, shown):
                    yield at(module, shown, "This object's text is its address in this process's memory.")


def _shown(module: Module, node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.FormattedValue):
        yield node.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        yield from node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    elif isinstance(node, ast.Call):
        formats = isinstance(node.func, ast.Attribute) and node.func.attr == "format"
        if formats or module.names.resolve(node.func) in _TO_TEXT:
            yield from node.args


def _has_no_text(module: Module, value: ast.expr) -> bool:
    name = module.names.resolve(value) or ""
    if name == "builtins.object()":
        # A parameter that is annotated as an object may be anything.
        return isinstance(value, ast.Call) or isinstance(
            module.names.single_value(value) if isinstance(value, ast.Name) else None, ast.Call
        )
    if not (name.startswith("@") and name.endswith("()")):
        return False
    made = module.local_class(name.strip("@()"))
    if made is None or made.bases or "dataclass" in decorator_names(made):
        return False
    return not any(isinstance(member, FunctionNode) and member.name in _TEXT_METHODS for member in made.body)
