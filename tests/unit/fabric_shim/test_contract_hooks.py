"""Contracts: hooks around the functions, contexts, plain functions, logs."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import cast

import pytest
from fabric_shim.blocking import BlockingStub
from fabric_shim.chaincode import run_to_end
from fabric_shim.contract import (
    BlockingCall,
    BlockingContext,
    Call,
    Context,
    Contract,
    ContractChaincode,
    query,
    transaction,
)
from fabric_shim.errors import ChaincodeError, ContractDefinitionError, TransactionRefusedError
from fabric_shim.stub import ChaincodeStub
from fabric_shim.testing import LedgerSimulator, TestIdentity
from fabric_shim.testing.simulator import TransactionResult

SOMEBODY = TestIdentity.create("AMSP", "somebody")


def ledger_of(*contracts: Contract) -> LedgerSimulator:
    return LedgerSimulator("ch", ContractChaincode(*contracts))


def submit(ledger: LedgerSimulator, function: str, *arguments: str) -> TransactionResult:
    return run_to_end(ledger.submit(function, arguments, creator=SOMEBODY))


class Traced(Context):
    """A context of the contract's own."""

    def __init__(self, stub: ChaincodeStub) -> None:
        super().__init__(stub)
        self.trace: list[str] = []


class Hooked(Contract):
    name = "hooked"

    def __init__(self) -> None:
        self.last: Traced | None = None

    async def before_transaction(self, ctx: Traced) -> None:
        self.last = ctx
        ctx.trace.append("before")
        await ctx.stub.put_state("before", b"was here")

    async def around_transaction(self, ctx: Traced, call: Call) -> object:
        ctx.trace.append(f"around {call.function} {call.kind} {sorted(call.arguments)}")
        result = await call()
        return f"<{result}>"

    def after_transaction(self, ctx: Traced, result: object) -> None:
        ctx.trace.append(f"after {result}")

    async def unknown_transaction(self, ctx: Traced) -> dict[str, str]:
        ctx.trace.append("unknown")
        return {"b": ctx.stub.get_function_and_parameters()[0], "a": ""}

    @transaction
    async def greet(self, ctx: Context, whom: str) -> str:
        assert ctx is self.last
        return f"hello {whom}"

    @transaction("submit", name="Trace")
    async def trace(self, ctx: Traced) -> str:
        return " ".join(ctx.trace)

    @query
    async def fail(self, ctx: Context) -> None:
        raise ChaincodeError("No.", code="no")


def test_hooks_run_in_order_with_one_context() -> None:
    contract = Hooked()
    ledger = ledger_of(contract)
    assert submit(ledger, "greet", "you").payload == b"<hello you>"
    assert ledger.state["before"] == b"was here"
    assert contract.last is not None
    assert contract.last.trace == ["before", "around greet submit ['whom']", "after <hello you>"]
    assert submit(ledger, "Trace").payload == b"<before around Trace submit []>"


def test_unknown_transaction_answers_with_before_and_after() -> None:
    contract = Hooked()
    ledger = ledger_of(contract)
    for name in ("hooked:nope", "nope"):
        assert submit(ledger, name, "x").payload == f'{{"a":"","b":"{name}"}}'.encode()
        assert contract.last is not None
        assert contract.last.trace[:2] == ["before", "unknown"]
        assert contract.last.trace[2].startswith("after {")


def test_a_failing_function_is_not_followed_by_after() -> None:
    contract = Hooked()
    with pytest.raises(TransactionRefusedError, match="no: No"):
        submit(ledger_of(contract), "fail")
    assert contract.last is not None
    assert contract.last.trace == ["before", "around fail evaluate []"]


def test_a_wrong_argument_comes_before_the_hooks() -> None:
    contract = Hooked()
    with pytest.raises(TransactionRefusedError, match="bad-argument"):
        submit(ledger_of(contract), "greet")
    assert contract.last is None


def test_hooks_belong_to_their_contract() -> None:
    class Other(Contract):
        @transaction
        async def greet(self, ctx: Context) -> str:
            return "other"

    contract = Hooked()
    ledger = ledger_of(contract, Other())
    assert submit(ledger, "Other:greet").payload == b"other"
    assert contract.last is None
    with pytest.raises(TransactionRefusedError, match="unknown-function"):
        submit(ledger, "Other:nope")
    with pytest.raises(TransactionRefusedError, match="unknown-function"):
        submit(ledger, "nobody:greet")


@pytest.mark.parametrize("hook", ["before_transaction", "after_transaction"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ChaincodeError("Not you.", code="not-you"), "not-you: Not you."),
        (ValueError("secret"), "internal error"),
    ],
)
def test_a_failing_hook_ends_the_transaction(
    hook: str, error: Exception, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []

    async def refuse(self: Contract, ctx: Context, *rest: object) -> None:
        raise error

    class Guarded(Contract):
        @transaction
        async def write(self, ctx: Context) -> None:
            called.append("write")
            await ctx.stub.put_state("k", b"v")

    contract = cast(Contract, type("Guarded2", (Guarded,), {"name": "g", hook: refuse})())
    ledger = ledger_of(contract)
    with pytest.raises(TransactionRefusedError) as caught:
        submit(ledger, "write")
    assert str(caught.value) == message
    assert called == ([] if hook == "before_transaction" else ["write"])
    assert not ledger.state
    assert "secret" not in caplog.text


def test_around_may_replace_the_call() -> None:
    class Closed(Contract):
        def around_transaction(self, ctx: Context, call: Call) -> Awaitable[object] | str:
            return "closed" if call.function == "shut" else call()

        @query
        async def shut(self, ctx: Context) -> str:
            raise AssertionError

        @query
        async def opened(self, ctx: Context) -> str:
            return "opened"

    ledger = ledger_of(Closed())
    assert submit(ledger, "shut").payload == b"closed"
    assert submit(ledger, "opened").payload == b"opened"


def test_create_context() -> None:
    class Creating(Contract):
        def create_context(self, stub: ChaincodeStub) -> Named:
            context = Named(stub)
            context.label = f"made for {stub.get_channel_id()}"
            return context

        @query
        async def read(self, ctx: Named) -> str:
            return ctx.label

        @query
        def read_plain(self, ctx: BlockingContext) -> str:
            return ctx.stub.get_channel_id()

    ledger = ledger_of(Creating())
    assert submit(ledger, "read").payload == b"made for ch"
    assert submit(ledger, "read_plain").payload == b"ch"


class Counting(BlockingContext):
    def __init__(self, stub: BlockingStub) -> None:
        super().__init__(stub)
        self.steps: list[str] = []


class Plain(Contract):
    """Plain functions and plain hooks throughout."""

    def create_context(self, stub: BlockingStub) -> Counting:
        return Counting(stub)

    def before_transaction(self, ctx: Counting) -> None:
        ctx.steps.append("before")

    def around_transaction(self, ctx: Counting, call: BlockingCall) -> object:
        ctx.steps.append(call.function)
        return call()

    def after_transaction(self, ctx: Counting, result: object) -> None:
        ctx.stub.put_state("after", str(result).encode())

    def unknown_transaction(self, ctx: Counting) -> None:
        ctx.steps.append("unknown")

    @transaction
    def write(self, ctx: Counting, called: str, value: int) -> str:
        ctx.stub.put_state(called, str(value).encode())
        return f"{ctx.identity.msp_id} {' '.join(ctx.steps)}"

    @query
    def read(self, ctx: BlockingContext, key: str) -> str:
        return (ctx.stub.get_state(key) or b"").decode()


def test_plain_functions_get_a_blocking_stub() -> None:
    ledger = ledger_of(Plain())
    assert submit(ledger, "write", "k", "5").payload == b"AMSP before write"
    assert ledger.state == {"k": b"5", "after": b"AMSP before write"}
    assert submit(ledger, "read", "k").payload == b"5"
    assert submit(ledger, "nope").payload == b""


class Mixed(Contract):
    """A coroutine around plain functions, and plain hooks that run inline."""

    def before_transaction(self, ctx: Context) -> None:
        if ctx.identity.msp_id != "AMSP":
            raise ChaincodeError("Not your contract.", code="not-yours")

    async def around_transaction(self, ctx: Context, call: Call) -> object:
        result = await call()
        await ctx.stub.put_state("around", str(result).encode())
        return result

    @transaction
    def write(self, ctx: BlockingContext, key: str) -> int:
        ctx.stub.put_state(key, b"v")
        return 1

    @transaction
    def fail(self, ctx: BlockingContext) -> None:
        raise ChaincodeError("No.", code="no")


def test_coroutine_hooks_around_plain_functions() -> None:
    ledger = ledger_of(Mixed())
    assert submit(ledger, "write", "k").payload == b"1"
    assert ledger.state == {"k": b"v", "around": b"1"}
    with pytest.raises(TransactionRefusedError, match="no: No"):
        submit(ledger, "fail")
    stranger = TestIdentity.create("BMSP", "stranger")
    with pytest.raises(TransactionRefusedError, match="not-yours"):
        run_to_end(ledger.submit("write", ["k"], creator=stranger))


def test_logs_name_the_transaction(caplog: pytest.LogCaptureFixture) -> None:
    class Talking(Contract):
        name = "talking"

        @query
        async def say(self, ctx: Context) -> str:
            ctx.logger.warning("said")
            return ctx.function_label

        @query
        def say_plain(self, ctx: BlockingContext) -> str:
            ctx.logger.warning("said")
            return ctx.function_label

    ledger = ledger_of(Talking())
    for function in ("say", "say_plain"):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "contract"):
            result = submit(ledger, function)
        (record,) = caplog.records
        call = vars(record)["call"]
        assert (call.channel_id, call.tx_id, call.function) == ("ch", result.tx_id, f"talking:{function}")
        assert result.payload.decode() == f"talking:{function}"


class OtherContext(Context):
    pass


class Named(Context):
    label = "class"


async def two_contexts(self: Contract, ctx: OtherContext) -> None: ...
async def blocking_coroutine(self: Contract, ctx: BlockingContext) -> None: ...
async def no_call(self: Contract, ctx: Context) -> None: ...
async def marked(self: Contract, ctx: Context) -> None: ...
async def wrong_context(self: Contract, ctx: str) -> None: ...
async def path_result(self: Contract, ctx: Context) -> type: ...  # type: ignore[empty-body]
async def transient_result(self: Contract, ctx: Context) -> Missing: ...  # type: ignore[name-defined]  # noqa: F821
def blocking_around(self: Contract, ctx: BlockingContext, call: BlockingCall) -> object: ...
async def async_factory(self: Contract, stub: ChaincodeStub) -> Traced: ...  # type: ignore[empty-body]
def other_factory(self: Contract, stub: ChaincodeStub) -> Context: ...  # type: ignore[empty-body]
def silent_factory(self: Contract, stub: ChaincodeStub):  # type: ignore[no-untyped-def]
    ...


@pytest.mark.parametrize(
    ("name", "hook", "message"),
    [
        ("before_transaction", two_contexts, "several context classes"),
        ("before_transaction", blocking_coroutine, "is a coroutine function"),
        ("around_transaction", no_call, "must take 2 arguments"),
        ("before_transaction", wrong_context, "must take `ctx: Context`"),
        ("unknown_transaction", path_result, "cannot carry the type"),
        ("unknown_transaction", transient_result, "Missing cannot be resolved"),
        ("around_transaction", blocking_around, "all functions must be plain"),
        ("create_context", async_factory, "must be a plain function"),
        ("create_context", silent_factory, "must be a plain function"),
        ("create_context", other_factory, "must make a context of the class"),
        ("before_transaction", transaction(marked), "its name is reserved"),
    ],
)
def test_hooks_that_cannot_be_called(name: str, hook: object, message: str) -> None:
    class Base(Contract):
        @query
        async def run(self, ctx: Traced) -> None: ...

    contract = cast(Contract, type("Bad", (Base,), {"name": "bad", name: hook})())
    with pytest.raises(ContractDefinitionError, match=message):
        ContractChaincode(contract)
