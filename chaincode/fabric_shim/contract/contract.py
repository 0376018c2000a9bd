"""Contracts: classes whose marked coroutine methods are the transaction functions."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar, get_type_hints

from fabric_shim.contract.context import Context
from fabric_shim.errors import ContractDefinitionError

Kind = Literal["submit", "evaluate"]

_KIND_ATTRIBUTE = "__transaction_kind__"
_AnyFunction = TypeVar("_AnyFunction", bound=Callable[..., Awaitable[object]])


class Contract:
    """Base of a contract. Subclasses mark their functions with :func:`transaction` and :func:`query`.

    A function takes a :class:`~fabric_shim.contract.Context` and typed parameters, and is a coroutine::

        class Greetings(Contract):
            name = "greetings"

            @transaction
            async def greet(self, ctx: Context, whom: str) -> str:
                \"\"\"Keep a greeting.\"\"\"
                await ctx.stub.put_state(whom, b"hello")
                return ctx.stub.get_tx_id()

    On the wire it is ``greetings:greet``. One instance serves all transactions at once, so it keeps no state.
    """

    name: ClassVar[str] = ""


def transaction(function: _AnyFunction) -> _AnyFunction:
    """Mark a function that writes: clients submit it."""
    return _mark(function, "submit")


def query(function: _AnyFunction) -> _AnyFunction:
    """Mark a function that only reads: clients evaluate it."""
    return _mark(function, "evaluate")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter of a transaction function, the context left out."""

    name: str
    annotation: object
    required: bool


@dataclass(frozen=True, slots=True)
class TransactionFunction:
    """A transaction function as declared. ``returns`` is NoneType for functions without a result."""

    name: str
    kind: Kind
    description: str
    parameters: tuple[Parameter, ...]
    returns: object
    call: Callable[..., Awaitable[object]]


def transaction_functions(contract: Contract) -> dict[str, TransactionFunction]:
    """Give the contract's transaction functions by name, in the order in which they are written.

    :raises ContractDefinitionError: the contract has no name or a function cannot be called by a transaction.
    """
    owner = type(contract).__qualname__
    if not contract.name or ":" in contract.name:
        raise ContractDefinitionError(f"{owner} needs a class attribute `name` without a colon.")
    functions = {
        name: _describe(owner, name, getattr(contract, name))
        for klass in reversed(type(contract).__mro__)
        for name, member in vars(klass).items()
        if hasattr(member, _KIND_ATTRIBUTE)
    }
    if not functions:
        raise ContractDefinitionError(f"{owner} has no function marked with @transaction or @query.")
    return functions


def _mark(function: _AnyFunction, kind: Kind) -> _AnyFunction:
    setattr(function, _KIND_ATTRIBUTE, kind)
    return function


def _describe(owner: str, name: str, method: Callable[..., Awaitable[object]]) -> TransactionFunction:
    where = f"{owner}.{name}"
    if not inspect.iscoroutinefunction(method):
        raise ContractDefinitionError(f"{where} must be a coroutine function (async def).")
    try:
        hints = get_type_hints(method)
    except NameError as error:
        raise ContractDefinitionError(
            f"{where}: the annotation {error.name} cannot be resolved; import it outside TYPE_CHECKING."
        ) from None
    declared = list(inspect.signature(method).parameters.values())
    parameters = declared[1:]
    if not declared or hints.get(declared[0].name) is not Context:
        raise ContractDefinitionError(f"{where} must take `ctx: Context` as its first parameter.")
    for parameter in parameters:
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD or parameter.name not in hints:
            raise ContractDefinitionError(f"{where}: parameter {parameter.name} must be plain and annotated.")
    if "return" not in hints:
        raise ContractDefinitionError(f"{where} must say what it returns.")
    return TransactionFunction(
        name=name,
        kind=getattr(method, _KIND_ATTRIBUTE),
        description=inspect.getdoc(method) or "",
        parameters=tuple(
            Parameter(p.name, hints[p.name], required=p.default is inspect.Parameter.empty)
            for p in parameters
        ),
        returns=hints["return"],
        call=method,
    )
