"""Contracts: declaration, routing, arguments and results, metadata."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from fabric_shim.contract import Context, Contract, ContractChaincode, query, transaction
from fabric_shim.errors import ContractDefinitionError, ShimError, TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity

from tests.protocol.probe import chaincode as probe

SOMEBODY = TestIdentity.create("AMSP", "somebody")


@dataclass(frozen=True)
class Box:
    """A dataclass argument."""

    label: str
    weight: int
    tags: list[str] = field(default_factory=list)
    inner: Box | None = None


class Echo(Contract):
    name = "echo"

    @query
    async def text(self, ctx: Context, value: str) -> str:
        """Give the text back."""
        return value

    @query
    async def raw(self, ctx: Context, value: bytes) -> bytes:
        return value

    @query
    async def number(self, ctx: Context, value: int) -> int:
        return value

    @query
    async def flag(self, ctx: Context, value: bool) -> bool:
        return value

    @query
    async def fraction(self, ctx: Context, value: float) -> float:
        return value

    @query
    async def mapping(self, ctx: Context, value: dict[str, int]) -> dict[str, int]:
        return value

    @query
    async def anything(self, ctx: Context, value: object) -> object:
        return value

    @query
    async def items(self, ctx: Context, value: list[str | None]) -> tuple[str | None, ...]:
        return tuple(value)

    @query
    async def box(self, ctx: Context, value: Box) -> Box:
        assert isinstance(value, Box)
        return value

    @transaction
    async def maybe(self, ctx: Context, first: str, second: str = "default") -> None:
        await ctx.stub.put_state(first, second.encode())

    @query
    async def unencodable(self, ctx: Context) -> object:
        return {1, 2}

    async def helper(self, ctx: Context) -> str:
        return "not a transaction function"


@pytest.fixture
def ledger() -> LedgerSimulator:
    return LedgerSimulator("ch", ContractChaincode(Echo(), title="Echo", version="1", default="echo"))


@pytest.mark.parametrize(
    ("function", "argument", "result"),
    [
        ("text", "00ü", "00ü".encode()),
        ("raw", b"\xff\x00", b"\xff\x00"),
        ("number", "-12", b"-12"),
        ("flag", "true", b"true"),
        ("fraction", "1", b"1.0"),
        ("mapping", '{"b": 1, "a": 2}', b'{"a":2,"b":1}'),
        ("anything", '[null, {"ü": 1.5}]', '[null,{"ü":1.5}]'.encode()),
        ("items", '["a", null]', b'["a",null]'),
        (
            "box",
            '{"weight": 1, "label": "l", "inner": {"label": "i", "weight": 2, "tags": ["t"]}}',
            b'{"inner":{"inner":null,"label":"i","tags":["t"],"weight":2},"label":"l","tags":[],"weight":1}',
        ),
    ],
)
async def test_arguments_and_results(
    ledger: LedgerSimulator, function: str, argument: str | bytes, result: bytes
) -> None:
    for name in (f"echo:{function}", function):
        assert (await ledger.evaluate(name, [argument], creator=SOMEBODY)).payload == result


async def test_defaults_and_empty_results(ledger: LedgerSimulator) -> None:
    result = await ledger.submit("echo:maybe", ["k"], creator=SOMEBODY)
    assert result.payload == b""
    assert ledger.state["k"] == b"default"


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("text", [], "text takes the arguments (value), not 0 of them."),
        ("maybe", ["a", "b", "c"], "maybe takes the arguments (first, second), not 3 of them."),
        ("text", [b"\xff"], "The argument value is not UTF-8 text."),
        ("number", ["1x"], "The argument value is not JSON."),
        ("number", ["1.0"], "The argument value must be an integer, not a number."),
        ("number", ["true"], "The argument value must be an integer, not a boolean."),
        ("fraction", ["NaN"], "The argument value is not JSON."),
        ("flag", ["1"], "The argument value must be a boolean, not an integer."),
        ("anything", ["[" * 100_000], "The argument value is not JSON."),
        ("mapping", ['{"a": "secret"}'], "The argument value{} must be an integer, not a string."),
        ("mapping", ["[]"], "The argument value must be an object, not an array."),
        ("items", ['["a", 1]'], "The argument value[] must be a string, not an integer."),
        ("items", ["null"], "The argument value must be an array, not null."),
        ("box", ['{"label": "secret"}'], "The argument value lacks the field weight."),
        (
            "box",
            ['{"label": "l", "weight": {}}'],
            "The argument value.weight must be an integer, not an object.",
        ),
        (
            "box",
            ['{"label": "l", "weight": 1, "secret": 1}'],
            "The argument value has a field that Box does not know.",
        ),
    ],
)
async def test_wrong_arguments(
    ledger: LedgerSimulator, function: str, arguments: list[str | bytes], message: str
) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        await ledger.evaluate(f"echo:{function}", arguments, creator=SOMEBODY)
    assert caught.value.code == "bad-argument"
    assert str(caught.value) == f"bad-argument: {message}"


@pytest.mark.parametrize("function", ["", "nope", "echo:nope", "other:text", "echo:helper", ":text", "\x00"])
async def test_unknown_functions(ledger: LedgerSimulator, function: str) -> None:
    with pytest.raises(TransactionRefusedError, match="GetMetadata") as caught:
        await ledger.evaluate(function, ["x"], creator=SOMEBODY)
    assert caught.value.code == "unknown-function"


async def test_without_default_contract_names_are_needed() -> None:
    ledger = LedgerSimulator("ch", ContractChaincode(Echo(), title="Echo", version="1"))
    with pytest.raises(TransactionRefusedError):
        await ledger.evaluate("text", ["x"], creator=SOMEBODY)


async def test_result_without_json_form_is_masked(ledger: LedgerSimulator) -> None:
    with pytest.raises(TransactionRefusedError, match="internal error") as caught:
        await ledger.evaluate("unencodable", creator=SOMEBODY)
    assert isinstance(caught.value.__cause__, ShimError)


async def test_metadata(ledger: LedgerSimulator) -> None:
    payload = (await ledger.evaluate("org.hyperledger.fabric:GetMetadata", creator=SOMEBODY)).payload
    metadata = json.loads(payload)
    assert metadata["info"] == {"title": "Echo", "version": "1"}
    contract = metadata["contracts"]["echo"]
    assert (contract["name"], contract["default"]) == ("echo", True)
    functions = {function["name"]: function for function in contract["transactions"]}
    assert "helper" not in functions
    assert functions["text"] == {
        "name": "text",
        "tag": ["evaluate"],
        "description": "Give the text back.",
        "parameters": [{"name": "value", "required": True, "schema": {"type": "string"}}],
        "returns": {"type": "string"},
    }
    assert functions["maybe"]["tag"] == ["submit"]
    assert [p["required"] for p in functions["maybe"]["parameters"]] == [True, False]
    assert "returns" not in functions["maybe"]
    assert functions["items"]["returns"] == {"type": "array", "items": {"type": "string"}}
    assert functions["box"]["returns"] == {"$ref": "#/components/schemas/Box"}
    assert metadata["components"]["schemas"]["Box"] == {
        "$id": "Box",
        "type": "object",
        "additionalProperties": False,
        "required": ["label", "weight"],
        "properties": {
            "label": {"type": "string"},
            "weight": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "inner": {"$ref": "#/components/schemas/Box"},
        },
    }


@pytest.mark.parametrize("chaincode", [probe(), ContractChaincode(Echo(), title="Echo", version="1")])
def test_metadata_keeps_to_fabric_contract_schema(chaincode: ContractChaincode) -> None:
    """The rules of fabric-contract-api's contract-schema.json that our metadata could break."""
    metadata = json.loads(chaincode.metadata)
    assert metadata.keys() == {"$schema", "info", "contracts", "components"}
    assert metadata["info"].keys() >= {"title", "version"}
    for contract in metadata["contracts"].values():
        assert contract.keys() >= {"name", "transactions"}
        assert contract["info"].keys() >= {"title", "version"}
        for function in contract["transactions"]:
            assert isinstance(function["name"], str)
            assert all(isinstance(tag, str) for tag in function["tag"])
            names = [parameter["name"] for parameter in function["parameters"]]
            assert len(set(names)) == len(names)
            for parameter in function["parameters"]:
                assert parameter.keys() <= {"description", "name", "required", "schema"}
                _check_schema(parameter["schema"])
            if "returns" in function:
                _check_schema(function["returns"])
    for name, schema in metadata["components"]["schemas"].items():
        assert schema["$id"] == name
        for described in schema["properties"].values():
            _check_schema(described)


def _check_schema(schema: dict[str, object]) -> None:
    assert schema.keys() <= {
        "$ref",
        "format",
        "type",
        "items",
        "additionalProperties",
        "properties",
        "required",
    }
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if inner is not None and inner is not True:
            _check_schema(cast(dict[str, object], inner))


async def _plain(self: Contract, ctx: Context) -> None: ...


def _contract(function: Callable[..., object], name: str = "c") -> Contract:
    marked = transaction(cast(Callable[..., Awaitable[object]], function))
    return cast(Contract, type("Bad", (Contract,), {"name": name, "f": marked})())


async def no_context(self: Contract) -> None: ...
async def untyped_context(self: Contract, ctx: str) -> None: ...
async def untyped(self: Contract, ctx: Context, value) -> None: ...  # type: ignore[no-untyped-def]
async def no_result(self: Contract, ctx: Context):  # type: ignore[no-untyped-def]
    ...


async def variadic(self: Contract, ctx: Context, *values: str) -> None: ...
async def path(self: Contract, ctx: Context, value: Path) -> None: ...
async def union(self: Contract, ctx: Context, value: str | int) -> None: ...
async def keys(self: Contract, ctx: Context) -> dict[int, str]: ...  # type: ignore[empty-body]
def blocking(self: Contract, ctx: Context) -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_context, "must take `ctx: Context`"),
        (untyped_context, "must take `ctx: Context`"),
        (untyped, "parameter value"),
        (no_result, "what it returns"),
        (variadic, "parameter values"),
        (path, "parameter value"),
        (union, "parameter value"),
        (keys, "result"),
        (blocking, "coroutine"),
    ],
)
def test_contracts_that_cannot_be_served(function: Callable[..., object], message: str) -> None:
    with pytest.raises(ContractDefinitionError, match=message):
        ContractChaincode(_contract(function), title="t", version="1")


def test_chaincodes_that_cannot_be_served() -> None:
    class Empty(Contract):
        name = "empty"

    good = _contract(_plain)
    for contracts in ([], [good, good], [Empty()], [_contract(_plain, "")], [_contract(_plain, "a:b")]):
        with pytest.raises(ContractDefinitionError):
            ContractChaincode(*contracts, title="t", version="1")
    with pytest.raises(ContractDefinitionError, match="default"):
        ContractChaincode(good, title="t", version="1", default="other")


def test_inherited_functions_are_served() -> None:
    class More(Echo):
        name = "more"

        @query
        async def text(self, ctx: Context, value: str) -> str:
            return value + value

    metadata = json.loads(ContractChaincode(More(), title="t", version="1").metadata)
    names = [function["name"] for function in metadata["contracts"]["more"]["transactions"]]
    assert "number" in names
    assert names.count("text") == 1
