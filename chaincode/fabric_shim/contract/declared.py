"""How a contract is written: its base class and the marks on its functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeVar, overload

from fabric_shim._internal.made_anew import MadeAnew
from fabric_shim.contract.info import Info
from fabric_shim.errors import ContractDefinitionError

Kind = Literal["submit", "evaluate"]

MARK: Final = "__transaction__"
_KINDS: Final = ("submit", "evaluate")
_AnyFunction = TypeVar("_AnyFunction", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Mark:
    """What :func:`transaction` and :func:`query` leave on a function.

    :ivar name: the name on the wire; empty for the function's own.
    """

    kind: Kind
    name: str


class Contract(MadeAnew):
    """Base of a contract. Subclasses mark their functions with :func:`transaction` and :func:`query`.

    A function takes a :class:`~fabric_shim.contract.Context` and typed parameters, and says what it returns::

        class Greetings(Contract):
            name = "greetings"

            @transaction
            async def greet(self, ctx: Context, whom: str) -> str:
                \"\"\"Keep a greeting.\"\"\"
                await ctx.stub.put_state(whom, b"hello")
                return ctx.stub.get_tx_id()

    On the wire it is ``greetings:greet``. A plain function (``def``) runs on a worker thread; it takes a
    :class:`~fabric_shim.contract.BlockingContext`, whose stub returns values instead of awaitables. One
    instance serves all transactions at once, so it keeps no state.

    Methods of these names are called around each transaction, when a contract has them; they may be
    coroutines or plain functions:

    * ``before_transaction(self, ctx)``: an exception ends the transaction;
    * ``around_transaction(self, ctx, call)``: calls the function with ``await call()`` and gives its result,
      or another one; see :class:`~fabric_shim.contract.Call`;
    * ``after_transaction(self, ctx, result)``: sees the result; an exception makes the transaction fail;
    * ``unknown_transaction(self, ctx)``: answers instead of the error when the contract has no function of
      the name that the transaction says; before and after are called then too;
    * ``create_context(self, stub)``: makes the context. Without it the context is of the class that the
      functions declare, made from the stub.

    :cvar name: the contract's name on the wire, without a colon; by default the class's name. A subclass
        keeps a name that was given.
    :cvar info: what the metadata tells people about it.
    """

    name: ClassVar[str] = ""
    info: ClassVar[Info] = Info()
    _given_name: ClassVar[str] = ""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "name" in vars(cls):
            cls._given_name = cls.name
        else:
            cls.name = cls._given_name or cls.__name__


@overload
def transaction(function: _AnyFunction, /) -> _AnyFunction: ...


@overload
def transaction(kind: Kind = "submit", /, *, name: str = "") -> Callable[[_AnyFunction], _AnyFunction]: ...


def transaction(
    marked: _AnyFunction | Kind = "submit", /, *, name: str = ""
) -> _AnyFunction | Callable[[_AnyFunction], _AnyFunction]:
    """Mark a function: ``@transaction``, ``@transaction("evaluate")``, ``@transaction(name="Pay")``.

    :param kind: ``submit`` (the default) when clients submit it, ``evaluate`` when it only reads.
    :param name: its name on the wire, by default its own.
    :raises ContractDefinitionError: the kind is neither.
    """
    if callable(marked):
        return _mark(marked, Mark("submit", name))
    if marked not in _KINDS:
        raise ContractDefinitionError(
            'A transaction is "submit" or "evaluate"; nothing else can be declared.'
        )
    mark = Mark(marked, name)
    return lambda function: _mark(function, mark)


@overload
def query(function: _AnyFunction, /) -> _AnyFunction: ...


@overload
def query(*, name: str = "") -> Callable[[_AnyFunction], _AnyFunction]: ...


def query(
    function: _AnyFunction | None = None, /, *, name: str = ""
) -> _AnyFunction | Callable[[_AnyFunction], _AnyFunction]:
    """Mark a function that only reads: short for ``@transaction("evaluate")``."""
    mark = Mark("evaluate", name)
    return (lambda marked: _mark(marked, mark)) if function is None else _mark(function, mark)


def _mark(function: _AnyFunction, mark: Mark) -> _AnyFunction:
    setattr(function, MARK, mark)
    return function
