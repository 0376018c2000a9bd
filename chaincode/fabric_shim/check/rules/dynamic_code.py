"""FS119."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.rule import ForbiddenNames, Place, at
from fabric_shim.check.tags import ARGUMENT, FUNCTION, LEDGER

_FROM_OUTSIDE = frozenset({ARGUMENT, FUNCTION, LEDGER})


class DynamicCode(ForbiddenNames):
    """Code that is chosen or made at run time."""

    code = "FS119"
    name = "dynamic-code"
    reason = (
        "Code from an argument or the ledger is code that nobody has approved. Modules and attributes that "
        "are looked up by such a name may be ones that no client should reach, or missing on another "
        "endorser."
    )
    fix = "Write a dict of the allowed names and functions, or use a Contract, which does that."
    bad = """
async def compute(ctx, formula: str) -> int:
    return eval(formula)  # FS119

async def invoke(self, stub):
    function, arguments = stub.get_function_and_parameters()
    return await getattr(self, function)(stub, *arguments)  # FS119
"""
    good = """
FORMULAS = {"double": lambda value: 2 * value}

async def compute(ctx, formula: str, value: int) -> int:
    return FORMULAS[formula](value)
"""
    forbidden = (
        (
            "runs code that nobody approved",
            "builtins.eval builtins.exec code.",
        ),
        (
            "makes code that nobody approved",
            "builtins.compile",
        ),
        (
            "loads a module by name",
            "builtins.__import__ importlib.import_module",
        ),
        (
            "looks code up by name",
            "builtins.globals",
        ),
        (
            "loads a module again",
            "importlib.reload",
        ),
        (
            "runs a file by name",
            "runpy.",
        ),
    )

    def check(self, module: Module) -> Iterator[Place]:
        """Find such names, and attributes that the client or the ledger names."""
        yield from super().check(module)
        for call in module.calls:
            if (
                module.names.resolve(call.func) in ("builtins.getattr", "builtins.setattr")
                and len(call.args) > 1
            ):
                name = call.args[1]
                if not isinstance(name, ast.Constant) and module.tags(name) & _FROM_OUTSIDE:
                    yield at(module, call, "The client or the ledger chooses which attribute this is.")
