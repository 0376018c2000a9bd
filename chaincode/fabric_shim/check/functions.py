"""The functions of a module, and which of them a transaction calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fabric_shim.check.names import FunctionNode, Names
from fabric_shim.contract.hooks import HOOKS

_EVALUATED: Final = frozenset({"query", "evaluate"})
_SUBMITTED: Final = frozenset({"transaction", "submit"})
_ENTRY_POINTS: Final = frozenset({"invoke", "init"})
# Ours, and those of the contract API of other ports.
_HOOKS: Final = frozenset(HOOKS) | {"get_evaluate_transactions", "get_name", "get_info", "create_context"}
LEDGER_NAMES: Final = frozenset({"ctx", "context", "stub"})


class Kind(Enum):
    """How a function takes part in transactions."""

    SUBMIT = auto()
    EVALUATE = auto()
    UNDECLARED = auto()
    """A contract's function that does not say; it is taken as submitted when it writes."""
    HOOK = auto()
    HELPER = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the module or a method of a class in it.

    :ivar owner: the class; None for a function of the module.
    :ivar in_contract: whether the class is a contract or a chaincode.
    """

    node: FunctionNode
    owner: ast.ClassDef | None
    kind: Kind
    in_contract: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    @property
    def parameters(self) -> list[ast.arg]:
        """All parameters, ``self`` left out."""
        arguments = self.node.args
        listed = [*arguments.posonlyargs, *arguments.args]
        bound = self.owner is not None and "staticmethod" not in decorator_names(self.node)
        listed = listed[1:] if bound else listed
        rest = [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        return [*listed, *arguments.kwonlyargs, *rest]

    @property
    def arguments(self) -> list[ast.arg]:
        """The parameters that a client gives, if this is a transaction function."""
        return [parameter for parameter in self.parameters if not is_ledger(parameter)]

    @property
    def takes_ledger(self) -> bool:
        """Whether it is given the context or the stub."""
        return any(is_ledger(parameter) for parameter in self.parameters)

    @property
    def is_transaction(self) -> bool:
        """Whether a transaction calls it by its name."""
        return self.kind in (Kind.SUBMIT, Kind.EVALUATE, Kind.UNDECLARED)


def find_functions(tree: ast.Module, names: Names) -> Iterator[Function]:
    """All functions of the module and methods of its classes; nested ones belong to the one around them."""
    classes = {node.name: node for node in names.parents if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            owner = names.parents[node]
            while isinstance(owner, ast.If | ast.Try | ast.With):
                owner = names.parents[owner]
            if isinstance(owner, ast.Module):
                yield Function(node, None, Kind.HELPER, in_contract=False)
            elif isinstance(owner, ast.ClassDef):
                contract = is_contract(owner, classes)
                yield Function(node, owner, _kind(node, owner) if contract else Kind.HELPER, contract)


def is_contract(owner: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> bool:
    """Whether a class is a contract or a chaincode: by its base, its name, or its marked functions."""
    for base in owner.bases:
        last = ast.unparse(base).rpartition(".")[2]
        if last.endswith(("Contract", "Chaincode")):
            return True
        local = classes.get(last)
        if local is not None and local.lineno < owner.lineno and is_contract(local, classes):
            return True
    methods = [node for node in owner.body if isinstance(node, FunctionNode)]
    if any(_declared(method) is not None for method in methods):
        return True
    takes_ledger = any(is_ledger(argument) for method in methods for argument in method.args.args)
    return takes_ledger and owner.name.endswith(("Contract", "Chaincode"))


def is_ledger(parameter: ast.arg) -> bool:
    """Whether a parameter is the transaction's context or stub, by its name or type."""
    if parameter.arg in LEDGER_NAMES:
        return True
    annotation = "" if parameter.annotation is None else ast.unparse(parameter.annotation).strip("'\"")
    last = annotation.rpartition(".")[2]
    return last.endswith(("Context", "Stub", "StubInterface", "ContextInterface"))


def decorator_names(node: FunctionNode | ast.ClassDef) -> list[str]:
    """The last names of the decorators, called or not."""
    plain = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
    return [ast.unparse(decorator).rpartition(".")[2] for decorator in plain]


def _kind(node: FunctionNode, owner: ast.ClassDef) -> Kind:
    declared = _declared(node)
    if declared is not None:
        return declared
    methods = [method for method in owner.body if isinstance(method, FunctionNode)]
    if node.name in _HOOKS or any(name in _HOOKS or name == "before" for name in decorator_names(node)):
        return Kind.HOOK
    if node.name.lower() in _ENTRY_POINTS:
        return Kind.UNDECLARED
    marked = any(_declared(method) is not None for method in methods)
    if marked or node.name.startswith("_") or not any(is_ledger(a) for a in node.args.args):
        return Kind.HELPER
    return Kind.EVALUATE if node.name in _listed_as_evaluated(methods) else Kind.UNDECLARED


def _declared(node: FunctionNode) -> Kind | None:
    for decorator, name in zip(node.decorator_list, decorator_names(node), strict=True):
        if name.lower() in _EVALUATED:
            return Kind.EVALUATE
        if name.lower() in _SUBMITTED:
            said = ast.unparse(decorator).lower() if isinstance(decorator, ast.Call) else ""
            evaluated = "evaluate" in said.partition("name=")[0] or "submit=false" in said
            return Kind.EVALUATE if evaluated else Kind.SUBMIT
    return None


def _listed_as_evaluated(methods: list[FunctionNode]) -> set[str]:
    """The names that the official Python port's ``get_evaluate_transactions`` lists."""
    lists = (method for method in methods if method.name == "get_evaluate_transactions")
    return {
        node.value
        for method in lists
        for node in ast.walk(method)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
