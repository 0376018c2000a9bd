"""FS118."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.functions import is_contract
from fabric_shim.check.module import Module
from fabric_shim.check.mutation import changed_variables, is_mutable_display
from fabric_shim.check.rule import Place, Rule, at

_SETTING_UP = frozenset({"__init__", "__new__", "__init_subclass__", "__post_init__", "__set_name__"})


class ContractState(Rule):
    """Contracts that remember."""

    code = "FS118"
    name = "contract-state"
    reason = (
        "One instance of a contract serves all transactions of one process at once. What it remembers "
        "differs between endorsers and is gone after a restart."
    )
    fix = "Keep what must last on the ledger; give what belongs to one transaction from function to function."
    bad = """
from fabric_shim.contract import Context, Contract, query

class Counter(Contract):
    name = "counter"
    seen = []  # FS118

    def __init__(self) -> None:
        self.calls = 0

    @query
    async def next(self, ctx: Context) -> int:
        self.calls += 1  # FS118
        return self.calls
"""
    good = """
from fabric_shim.contract import Context, Contract, query

class Counter(Contract):
    name = "counter"

    def __init__(self, step: int) -> None:
        self.step = step

    @query
    async def next(self, ctx: Context) -> int:
        return int(await ctx.stub.get_state("calls") or 0) + self.step
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find class variables that can change, and changes of a contract or its class."""
        classes = {n.name: n for n in module.nodes if isinstance(n, ast.ClassDef)}
        contracts = [found for found in classes.values() if is_contract(found, classes)]
        for contract in contracts:
            yield from _class_variables(module, contract)
        names = {contract.name for contract in contracts}
        for node, variable in changed_variables(module):
            around = module.names.enclosing_function(node)
            function = module.function_of(node)
            if function is None or around is None or around.name in _SETTING_UP:
                continue
            name = variable.id if isinstance(variable, ast.Name) else ""
            if name in names or (function.in_contract and name in ("self", "cls")):
                yield at(module, node, "The contract remembers this beyond the transaction.")


def _class_variables(module: Module, contract: ast.ClassDef) -> Iterator[Place]:
    for statement in contract.body:
        if isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names = [] if "Final" in ast.unparse(statement.annotation) else [statement.target.id]
        else:
            continue
        variable = any(not name.isupper() and not name.startswith("__") for name in names)
        if variable and statement.value is not None and is_mutable_display(module, statement.value):
            yield at(module, statement, "All transactions share this class variable, and it can change.")
