"""Contracts: transient parameters and private results, as their signatures declare them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

import pytest
from fabric_shim.chaincode import run_to_end
from fabric_shim.contract import Context, Contract, ContractChaincode, Private, Transient, query, transaction
from fabric_shim.errors import ContractDefinitionError, TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity

SOMEBODY = TestIdentity.create("AMSP", "somebody")


@dataclass(frozen=True)
class Properties:
    size: int


class Keeper(Contract):
    name = "keeper"

    @transaction
    async def keep(
        self,
        ctx: Context,
        asset_id: str,
        *,
        price: Transient[Annotated[int, "in cents"]],
        note: Transient[str] | None,
        salt: Transient[bytes] = b"none",
        properties: Transient[Properties | None] = None,
        label: str = "no label",
    ) -> None:
        """Keep an asset's price.

        :param asset_id: which asset,
            as everybody sees it.
        :param note: for whoever reads it.
        """
        assert isinstance(price, int)
        text = json.dumps([asset_id, price, note, salt.hex(), properties and properties.size, label])
        await ctx.stub.put_state("kept", text.encode())

    @query
    async def price(self, ctx: Context, asset_id: str) -> Private[int]:
        return 7


@pytest.fixture
def ledger() -> LedgerSimulator:
    return LedgerSimulator("ch", ContractChaincode(Keeper()))


def keep(ledger: LedgerSimulator, arguments: list[str], transient: Mapping[str, bytes]) -> object:
    run_to_end(ledger.submit("keep", arguments, creator=SOMEBODY, transient=transient))
    return json.loads(ledger.state["kept"])


def test_transient_parameters_come_from_the_transient_map(ledger: LedgerSimulator) -> None:
    assert keep(ledger, ["a"], {"price": b"5", "unexpected": b"\xff"}) == [
        "a", 5, None, b"none".hex(), None, "no label",
    ]  # fmt: skip
    everything = {"price": b"6", "note": b"n", "salt": b"\xff\x00", "properties": b'{"size": 3}'}
    assert keep(ledger, ["a", "l"], everything) == ["a", 6, "n", "ff00", 3, "l"]


@pytest.mark.parametrize(
    ("arguments", "transient", "message"),
    [
        (["a"], {}, "price is missing: put it into the transient map."),
        (["a"], {"price": b'"secret"'}, "The argument price must be an integer, not a string."),
        (["a"], {"price": b"secret"}, "The argument price must be an integer, not text that is no JSON."),
        (
            ["a"],
            {"price": b"1", "properties": b'{"size": "secret"}'},
            "The argument properties.size must be an integer, not a string.",
        ),
        (
            ["a", "l", "secret"],
            {},
            "keep takes the arguments (asset_id, label), not 3 of them; put price, note, salt, properties "
            "into the transient map, never into the arguments.",
        ),
        (
            [],
            {"asset_id": b"a", "price": b"1"},
            "keep takes the arguments (asset_id, label), not 0 of them; put price, note, salt, properties "
            "into the transient map, never into the arguments.",
        ),
    ],
)
def test_wrong_transient_arguments(
    ledger: LedgerSimulator, arguments: list[str], transient: Mapping[str, bytes], message: str
) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        keep(ledger, arguments, transient)
    assert str(caught.value) == f"bad-argument: {message}"
    assert not ledger.state


def test_private_results_are_ordinary_to_who_evaluates(ledger: LedgerSimulator) -> None:
    assert run_to_end(ledger.evaluate("price", ["a"], creator=SOMEBODY)).payload == b"7"


def test_metadata_keeps_transient_parameters_apart() -> None:
    metadata = json.loads(ContractChaincode(Keeper()).metadata)
    kept, price = metadata["contracts"]["keeper"]["transactions"]
    assert kept["description"] == "Keep an asset's price."
    assert kept["parameters"] == [
        {
            "name": "asset_id",
            "required": True,
            "schema": {"type": "string"},
            "description": "which asset, as everybody sees it.",
        },
        {"name": "label", "required": False, "schema": {"type": "string"}},
    ]
    assert kept["transient"] == [
        {"name": "price", "required": True, "schema": {"type": "integer"}, "description": "in cents"},
        {
            "name": "note",
            "required": False,
            "schema": {"type": ["string", "null"]},
            "description": "for whoever reads it.",
        },
        {"name": "salt", "required": False, "schema": {"type": "string", "format": "byte"}},
        {"name": "properties", "required": False, "schema": {"$ref": "#/components/schemas/Properties"}},
    ]
    assert kept["tag"] == ["submit", "SUBMIT"]
    assert price["tag"] == ["evaluate", "EVALUATE", "private"]
    assert price["returns"] == {"type": "integer"}


async def private_submit(self: Contract, ctx: Context) -> Private[int]: ...  # type: ignore[empty-body]
async def private_parameter(self: Contract, ctx: Context, value: Private[int]) -> None: ...
async def transient_result(self: Contract, ctx: Context) -> Transient[int]: ...  # type: ignore[empty-body]
async def inner_transient(self: Contract, ctx: Context, value: list[Transient[int]]) -> None: ...
async def inner_private(self: Contract, ctx: Context) -> dict[str, Private[int]]: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (private_submit, "lies in the block and cannot be Private"),
        (private_parameter, "cannot be Private, only a result can"),
        (transient_result, "a result cannot be Transient"),
        (inner_transient, "Transient marks a whole parameter or result"),
        (inner_private, "Private marks a whole parameter or result"),
    ],
)
def test_marks_in_the_wrong_place(function: object, message: str) -> None:
    contract = cast(Contract, type("Bad", (Contract,), {"f": transaction(cast("type", function))})())
    with pytest.raises(ContractDefinitionError, match=message):
        ContractChaincode(contract)
