"""Contracts: declaration, names, routing."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from fabric_shim.chaincode import run_to_end
from fabric_shim.contract import (
    BlockingContext,
    Context,
    Contract,
    ContractChaincode,
    JsonSerializer,
    query,
    transaction,
)
from fabric_shim.contract.router import GET_METADATA
from fabric_shim.errors import ArgumentError, ContractDefinitionError, TransactionRefusedError
from fabric_shim.stub import ChaincodeStub
from fabric_shim.testing import LedgerSimulator, TestIdentity

SOMEBODY = TestIdentity.create("AMSP", "somebody")


class Echo(Contract):
    name = "echo"

    @query
    async def text(self, ctx: Context, value: str) -> str:
        """Give the text back."""
        return value

    @transaction
    async def maybe(self, ctx: Context, first: str, second: str = "default") -> None:
        await ctx.stub.put_state(first, second.encode())

    @transaction("evaluate", name="Number")
    async def number(self, ctx: Context, value: int) -> int:
        return value

    @transaction("submit")
    async def keep(self, ctx: Context) -> None: ...

    @query(name="self")
    async def odd_names(self, ctx: Context, called: str, args: str) -> str:
        return called + args

    async def helper(self, ctx: Context) -> str:
        return "not a transaction function"


class Second(Contract):
    @query
    async def text(self, ctx: Context) -> str:
        return "second"


def evaluate(ledger: LedgerSimulator, function: str, *arguments: str | bytes) -> bytes:
    return run_to_end(ledger.evaluate(function, arguments, creator=SOMEBODY)).payload


def serve(*contracts: Contract, **options: Any) -> LedgerSimulator:
    return LedgerSimulator("ch", ContractChaincode(*contracts, **options))


def test_the_first_contract_is_the_default() -> None:
    ledger = serve(Echo(), Second())
    assert evaluate(ledger, "echo:text", "x") == evaluate(ledger, "text", "x") == b"x"
    assert evaluate(ledger, "Second:text") == b"second"
    ledger = serve(Echo(), Second(), default="Second")
    assert evaluate(ledger, "text") == b"second"


def test_without_default_contract_names_are_needed() -> None:
    ledger = serve(Echo(), default=None)
    assert evaluate(ledger, "echo:text", "x") == b"x"
    with pytest.raises(TransactionRefusedError, match="unknown-function"):
        evaluate(ledger, "text", "x")


def test_wire_names() -> None:
    ledger = serve(Echo())
    assert evaluate(ledger, "Number", "5") == b"5"
    assert evaluate(ledger, "self", "a", "b") == b"ab"
    with pytest.raises(TransactionRefusedError, match="unknown-function"):
        evaluate(ledger, "number", "5")


def test_defaults_and_empty_results() -> None:
    ledger = serve(Echo())
    result = run_to_end(ledger.submit("echo:maybe", ["k"], creator=SOMEBODY))
    assert result.payload == b""
    assert ledger.state["k"] == b"default"


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("text", [], "text takes the arguments (value), not 0 of them."),
        ("maybe", ["a", "b", "c"], "maybe takes the arguments (first, second), not 3 of them."),
        ("keep", ["a"], "keep takes the arguments (none), not 1 of them."),
    ],
)
def test_a_wrong_count_names_the_parameters(function: str, arguments: list[str], message: str) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        evaluate(serve(Echo()), f"echo:{function}", *arguments)
    assert caught.value.code == "bad-argument"
    assert str(caught.value) == f"bad-argument: {message}"


@pytest.mark.parametrize(
    "function", ["", "nope", "echo:nope", "other:text", "echo:helper", ":text", "a:echo:text", "\x00"]
)
def test_unknown_functions(function: str) -> None:
    with pytest.raises(TransactionRefusedError, match="GetMetadata") as caught:
        evaluate(serve(Echo()), function, "x")
    assert caught.value.code == "unknown-function"


def stub_of(*args: bytes) -> ChaincodeStub:
    class Proposal:
        def get_args(self) -> tuple[bytes, ...]:
            return args

        def get_transient(self) -> Mapping[str, bytes]:
            return {}

    return cast(ChaincodeStub, Proposal())


@pytest.mark.parametrize(
    ("wire_name", "label"),
    [
        (b"text", "echo:text"),
        (b"echo:Number", "echo:Number"),
        (b"Second:text", "Second:text"),
        (GET_METADATA.encode(), GET_METADATA),
        (b"secret", "unknown"),
        (b"\xff", "unknown"),
        (b"", "unknown"),
    ],
)
def test_function_labels_are_a_fixed_set(wire_name: bytes, label: str) -> None:
    chaincode = ContractChaincode(Echo(), Second())
    assert chaincode.function_label(stub_of(wire_name, b"argument")) == label
    assert chaincode.function_label(stub_of()) == "unknown"


def test_init_calls_the_named_function() -> None:
    chaincode = ContractChaincode(Echo())
    assert run_to_end(chaincode.init(stub_of())).payload == b""
    assert run_to_end(chaincode.init(stub_of(b""))).endorsed
    assert run_to_end(chaincode.init(stub_of(b"text", b"x"))).payload == b"x"


class Hexadecimal(JsonSerializer):
    """Integers in hexadecimal, everything else as always."""

    def decoder(self, annotation: object) -> Callable[[bytes], object]:
        return _from_hexadecimal if annotation is int else super().decoder(annotation)

    def encoder(self, annotation: object) -> Callable[[object], bytes]:
        return (lambda result: f"{result:x}".encode()) if annotation is int else super().encoder(annotation)


def _from_hexadecimal(data: bytes) -> int:
    if data == b"0":
        raise ArgumentError("Zero is no number here.")
    return int(data, 16)


def test_a_serializer_of_ones_own() -> None:
    ledger = serve(Echo(), serializer=Hexadecimal())
    assert evaluate(ledger, "Number", "ff") == b"ff"
    assert evaluate(ledger, "text", "ff") == b"ff"
    with pytest.raises(
        TransactionRefusedError, match="bad-argument: The argument value cannot be read"
    ) as caught:
        evaluate(ledger, "Number", "secret")
    assert "secret" not in str(caught.value)
    with pytest.raises(TransactionRefusedError, match="bad-argument: Zero is no number here"):
        evaluate(ledger, "Number", "0")


async def plain(self: Contract, ctx: Context) -> None: ...
async def no_context(self: Contract) -> None: ...
async def untyped_context(self: Contract, ctx: str) -> None: ...
async def untyped(self: Contract, ctx: Context, value) -> None: ...  # type: ignore[no-untyped-def]
async def no_result(self: Contract, ctx: Context):  # type: ignore[no-untyped-def]
    ...


async def variadic(self: Contract, ctx: Context, *values: str) -> None: ...
async def path(self: Contract, ctx: Context, value: Path) -> None: ...
async def union(self: Contract, ctx: Context, value: str | int) -> None: ...
async def keys(self: Contract, ctx: Context) -> dict[int, str]: ...  # type: ignore[empty-body]
async def coroutine(self: Contract, ctx: BlockingContext) -> None: ...
async def order(self: Contract, ctx: Context, *, one: int = 1, two: int) -> None: ...
async def unresolved(self: Contract, ctx: Context) -> Missing: ...  # type: ignore[name-defined]  # noqa: F821
def blocking(self: Contract, ctx: Context) -> None: ...


def generator(self: Contract, ctx: BlockingContext) -> None:  # type: ignore[misc]
    yield


async def async_generator(self: Contract, ctx: Context) -> None:  # type: ignore[misc]
    yield


async def without_self() -> None: ...
async def unreadable(self: Contract, ctx: Context, value: Path.missing) -> None: ...  # type: ignore[name-defined]


@transaction(name="a:b")
async def colon(self: Contract, ctx: Context) -> None: ...


def contract_of(*functions: Callable[..., object], name: str = "c") -> Contract:
    members = {
        f"f{index}": function if hasattr(function, "__transaction__") else transaction(function)
        for index, function in enumerate(functions)
    }
    return cast(Contract, type("Bad", (Contract,), {"name": name, **members})())


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_context, "must take `ctx: Context`"),
        (untyped_context, "must take `ctx: Context`"),
        (untyped, "parameter value must be plain and annotated"),
        (no_result, "must say what it returns"),
        (variadic, "parameter values must be plain"),
        (path, "Bad.f0, parameter value: a transaction cannot carry the type Path"),
        (union, "parameter value: .* leaves the type open"),
        (keys, "Bad.f0, result: .* has keys that are no strings"),
        (coroutine, "must take `ctx: Context`"),
        (blocking, "must take `ctx: BlockingContext`"),
        (order, "follows one with a default"),
        (unresolved, "Missing cannot be resolved"),
        (generator, "yields, so calling it would run nothing"),
        (async_generator, "yields, so calling it would run nothing"),
        (without_self, "must take self and a context"),
        (unreadable, "an annotation cannot be resolved"),
        (colon, "its name is reserved"),
    ],
)
def test_functions_that_cannot_be_called(function: Callable[..., object], message: str) -> None:
    with pytest.raises(ContractDefinitionError, match=message):
        ContractChaincode(contract_of(function))


class Empty(Contract):
    """Nothing is marked."""


class Renamed(Contract):
    @query(name="one")
    async def first(self, ctx: Context) -> None: ...

    @query(name="one")
    async def second(self, ctx: Context) -> None: ...


class NameTaken(Contract):
    @query
    async def name(self, ctx: Context) -> str:  # type: ignore[override]
        return ""


@pytest.mark.parametrize(
    ("contracts", "message"),
    [
        ([], "needs contracts"),
        ([contract_of(plain), contract_of(plain)], "name of its own"),
        ([Empty()], "no function marked"),
        ([cast(Contract, Empty)], "instances of Contract, not of type"),
        ([Renamed()], "two functions with the wire name one"),
        ([NameTaken()], "needs a `name`"),
        ([contract_of(plain, name="")], "needs a `name`"),
        ([contract_of(plain, name="a:b")], "needs a `name`"),
        ([contract_of(plain, name="org.hyperledger.fabric")], "needs a `name`"),
    ],
)
def test_contracts_that_cannot_be_served(contracts: list[Contract], message: str) -> None:
    with pytest.raises(ContractDefinitionError, match=message):
        ContractChaincode(*contracts)


def test_a_default_contract_that_is_none() -> None:
    with pytest.raises(ContractDefinitionError, match="default contract other"):
        ContractChaincode(contract_of(plain), default="other")


def test_a_transaction_is_submitted_or_evaluated() -> None:
    with pytest.raises(ContractDefinitionError, match='"submit" or "evaluate"'):
        transaction(cast(Any, "invoke"))


class More(Echo):
    name = "more"

    @query
    async def text(self, ctx: Context, value: str) -> str:
        return value + value

    async def keep(self, ctx: Context) -> None: ...


def test_inherited_functions_are_served_and_overrides_decide() -> None:
    described = json.loads(ContractChaincode(More()).metadata)["contracts"]["more"]["transactions"]
    assert [function["name"] for function in described] == ["text", "maybe", "Number", "self"]
    assert evaluate(serve(More()), "text", "x") == b"xx"
    assert type("Unnamed", (More,), {}).name == "more"


class Base(Contract):
    @query
    async def who(self, ctx: Context) -> str:
        return self.name

    @staticmethod
    @query
    async def static(ctx: Context) -> str:
        return ctx.function_label

    @classmethod
    @query
    async def of_class(cls, ctx: Context) -> str:
        return cls.__name__


class Derived(Base): ...


class OfBoth(Derived, More): ...


def test_each_class_has_a_name_of_its_own_until_one_is_given() -> None:
    assert (Base.name, Derived.name, OfBoth.name) == ("Base", "Derived", "more")
    ledger = serve(Base(), Derived())
    assert evaluate(ledger, "Derived:who") == b"Derived"
    assert evaluate(ledger, "who") == b"Base"


def test_static_and_class_methods_are_served() -> None:
    ledger = serve(Derived())
    assert evaluate(ledger, "static") == b"Derived:static"
    assert evaluate(ledger, "of_class") == b"Derived"


class Forgetful(Contract):
    async def keep(self, ctx: BlockingContext) -> None: ...

    @transaction
    def forget(self, ctx: BlockingContext) -> None:
        forgotten: Any = self.keep(ctx)
        forgotten.close()
        return cast(None, forgotten)


def test_a_coroutine_that_nobody_awaits_is_no_success() -> None:
    with pytest.raises(TransactionRefusedError, match="internal error") as caught:
        evaluate(serve(Forgetful()), "forget")
    assert str(caught.value.__cause__) == "The function declares no result, and gave a coroutine."


class WithArguments(Contract):
    def __init__(self, text: str, *, times: int = 1) -> None:
        self.text = text * times

    @query
    async def say(self, ctx: Context) -> str:
        return self.text


class Own(ContractChaincode):
    def __init__(self) -> None:
        super().__init__(WithArguments("a", times=2), Base(), title="own", default=None)


def test_a_pickled_chaincode_is_made_anew() -> None:
    for chaincode in (Own(), ContractChaincode(WithArguments("a", times=2), Derived(), version="2")):
        copy = pickle.loads(pickle.dumps(chaincode))
        assert type(copy) is type(chaincode)
        assert copy.metadata == chaincode.metadata
        ledger = LedgerSimulator("ch", copy)
        assert evaluate(ledger, "WithArguments:say") == b"aa"
    with pytest.raises(TypeError, match="Base\\(\\) takes no arguments"):
        Base("a")
