"""The methods of a contract that are called around its transactions."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from fabric_shim.contract.context import BlockingContext, Context
from fabric_shim.contract.declared import Contract, Kind
from fabric_shim.contract.signature import hints_of
from fabric_shim.errors import ContractDefinitionError

_ContextClass = TypeVar("_ContextClass", Context, BlockingContext)


@dataclass(frozen=True, slots=True)
class Call:
    """What a coroutine's ``around_transaction`` gets: ``await call()`` calls the function.

    :ivar function: its name on the wire.
    :ivar arguments: its decoded arguments by parameter, transient ones too: nothing to be logged.
    """

    function: str
    kind: Kind
    arguments: Mapping[str, object] = field(repr=False)
    run: Callable[[], Awaitable[object]] = field(repr=False)

    def __call__(self) -> Awaitable[object]:
        """Call the function."""
        return self.run()


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """The same for an ``around_transaction`` on a worker thread: ``call()`` gives the result itself."""

    function: str
    kind: Kind
    arguments: Mapping[str, object] = field(repr=False)
    run: Callable[[], object] = field(repr=False)

    def __call__(self) -> object:
        """Call the function."""
        return self.run()


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook of a contract.

    :ivar blocking: it declares a :class:`BlockingContext`, so it runs on a worker thread.
    :ivar returns: its declared result, ``object`` if it declares none.
    """

    call: Callable[..., object]
    blocking: bool
    context: type[Context] | type[BlockingContext]
    returns: object


HOOKS: Final = {
    "before_transaction": 1,
    "after_transaction": 2,
    "around_transaction": 2,
    "unknown_transaction": 1,
}
"""The hooks and how many arguments each gets."""


def contract_hooks(contract: Contract) -> dict[str, Hook]:
    """Give the hooks that a contract has, by name.

    :raises ContractDefinitionError: one cannot be called with what hooks get.
    """
    methods = {name: getattr(contract, name, None) for name in HOOKS}
    return {
        name: _hook(f"{type(contract).__qualname__}.{name}", method, HOOKS[name])
        for name, method in methods.items()
        if method is not None
    }


def _hook(where: str, method: Callable[..., object], arguments: int) -> Hook:
    signature = inspect.signature(method)
    try:
        signature.bind(*range(arguments))
    except TypeError:
        raise ContractDefinitionError(f"{where} must take {arguments} arguments besides self.") from None
    hints = hints_of(where, method)
    context = hints.get(next(iter(signature.parameters)), Context)
    if not isinstance(context, type) or not issubclass(context, Context | BlockingContext):
        raise ContractDefinitionError(f"{where} must take `ctx: Context` as its first parameter.")
    blocking = issubclass(context, BlockingContext)
    if blocking and inspect.iscoroutinefunction(method):
        raise ContractDefinitionError(f"{where} is a coroutine function, so it must take `ctx: Context`.")
    return Hook(method, blocking, context, hints.get("return", object))


def most_derived(
    where: str, declared: set[type[_ContextClass]], base: type[_ContextClass]
) -> type[_ContextClass]:
    """Give the one context class that serves all that were declared.

    :raises ContractDefinitionError: there is none.
    """
    found = base
    for context in declared:
        if issubclass(context, found):
            found = context
    if not all(issubclass(found, context) for context in declared):
        raise ContractDefinitionError(
            f"{where} declares several context classes; one of them must be derived from all others."
        )
    return found
