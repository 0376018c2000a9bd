"""Runs the transactions of one contract: context, hooks, arguments, function, result."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import cast

from fabric_shim.blocking import BlockingStub, run_blocking
from fabric_shim.contract.arguments import Arguments
from fabric_shim.contract.context import BlockingContext, Context
from fabric_shim.contract.declared import Contract
from fabric_shim.contract.functions import TransactionFunction, transaction_functions
from fabric_shim.contract.hooks import BlockingCall, Call, Hook, contract_hooks, most_derived
from fabric_shim.contract.serializer import Serializer
from fabric_shim.contract.signature import hints_of, result_encoder
from fabric_shim.errors import ContractDefinitionError
from fabric_shim.observer import UNKNOWN_FUNCTION
from fabric_shim.stub import ChaincodeStub


class ServedContract:
    """A contract that is ready to run.

    :ivar functions: its transaction functions by their names on the wire.
    :ivar answers_unknown: it has a function for names that it does not know.
    :raises ContractDefinitionError: the contract cannot be served as written.
    """

    def __init__(self, contract: Contract, serializer: Serializer) -> None:
        where = type(contract).__qualname__
        self.contract = contract
        self.functions = transaction_functions(contract, serializer)
        self._arguments = {name: Arguments(function) for name, function in self.functions.items()}
        hooks = contract_hooks(contract)
        self._before = hooks.get("before_transaction")
        self._around = hooks.get("around_transaction")
        self._after = hooks.get("after_transaction")
        self._unknown = hooks.get("unknown_transaction")
        self.answers_unknown = self._unknown is not None
        if self._unknown:
            self._encode_unknown = result_encoder(
                f"{where}.unknown_transaction", self._unknown.returns, serializer
            )
        if self._around and self._around.blocking and not all(f.blocking for f in self.functions.values()):
            raise ContractDefinitionError(
                f"{where}.around_transaction runs on a worker thread, so all functions must be plain ones."
            )
        declared = {function.context for function in self.functions.values()}
        declared |= {hook.context for hook in hooks.values()}
        self._new_context, self._new_blocking_context = _context_factories(where, contract, declared)

    def label(self, function: TransactionFunction | None) -> str:
        """Name one of its functions for logs and metrics."""
        return UNKNOWN_FUNCTION if function is None else f"{self.contract.name}:{function.name}"

    async def invoke(
        self, function: TransactionFunction | None, stub: ChaincodeStub, arguments: Sequence[bytes]
    ) -> bytes:
        """Run one transaction and give its payload.

        :param function: None calls ``unknown_transaction``, which the contract must have.
        :raises ArgumentError: an argument is not as declared; no hook has been called.
        """
        decoded: Mapping[str, object] = {}
        if function is not None:
            decoded = self._arguments[function.name].decode(arguments, stub.get_transient())
        running = _Running(stub, self.label(function), self._new_context, self._new_blocking_context)
        if self._before:
            await running.call(self._before)
        if function is not None:
            result = await self._call(running, function, decoded)
            encode = function.encode
        else:
            result = await running.call(cast("Hook", self._unknown))
            encode = self._encode_unknown
        if self._after:
            await running.call(self._after, result)
        return encode(result)

    async def _call(
        self, running: _Running, function: TransactionFunction, decoded: Mapping[str, object]
    ) -> object:
        around = self._around
        if around is None:
            return await running.call(function, **decoded)
        if around.blocking:
            # The function then runs on the hook's own thread.
            run = partial(running.call_on_this_thread, function, **decoded)
            return await running.call(around, BlockingCall(function.name, function.kind, decoded, run))
        call = Call(function.name, function.kind, decoded, partial(running.call, function, **decoded))
        return await running.call(around, call)


class _Running:
    """One transaction: its contexts, made at their first use and kept for all hooks and the function."""

    __slots__ = ("_blocking", "_context", "_label", "_new_blocking", "_new_context", "_stub")

    def __init__(
        self,
        stub: ChaincodeStub,
        label: str,
        new_context: Callable[[ChaincodeStub], Context],
        new_blocking: Callable[[BlockingStub], BlockingContext],
    ) -> None:
        self._stub = stub
        self._label = label
        self._new_context = new_context
        self._new_blocking = new_blocking
        self._context: Context | None = None
        self._blocking: BlockingContext | None = None

    async def call(self, called: Hook | TransactionFunction, /, *args: object, **named: object) -> object:
        if called.blocking:
            return await run_blocking(
                self._stub, lambda stub: called.call(self._blocking_context(stub), *args, **named)
            )
        if self._context is None:
            self._context = self._new_context(self._stub)
            self._context.function_label = self._label
        result = called.call(self._context, *args, **named)
        return await cast("Awaitable[object]", result) if inspect.isawaitable(result) else result

    def call_on_this_thread(self, function: TransactionFunction, /, **named: object) -> object:
        return function.call(self._blocking, **named)

    def _blocking_context(self, stub: BlockingStub) -> BlockingContext:
        if self._blocking is None:
            self._blocking = self._new_blocking(stub)
            self._blocking.function_label = self._label
        # Each run on a worker has a stub of its own.
        self._blocking.stub = stub
        return self._blocking


def _context_factories(
    where: str, contract: Contract, declared: set[type[Context] | type[BlockingContext]]
) -> tuple[Callable[[ChaincodeStub], Context], Callable[[BlockingStub], BlockingContext]]:
    context = most_derived(where, {c for c in declared if issubclass(c, Context)}, Context)
    blocking = most_derived(where, {c for c in declared if issubclass(c, BlockingContext)}, BlockingContext)
    create = getattr(contract, "create_context", None)
    if create is None:
        return context, blocking
    made = hints_of(f"{where}.create_context", create).get("return")
    if inspect.iscoroutinefunction(create) or not isinstance(made, type):
        raise ContractDefinitionError(
            f"{where}.create_context must be a plain function that says what it makes."
        )
    if issubclass(made, context):
        return create, blocking
    if issubclass(made, blocking):
        return context, create
    raise ContractDefinitionError(
        f"{where}.create_context must make a context of the class that the functions declare."
    )
