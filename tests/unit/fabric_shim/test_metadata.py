"""The contract metadata: what the other languages' contract APIs and tools expect of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import pytest
from fabric_shim.chaincode import run_to_end
from fabric_shim.contract import (
    Contact,
    Context,
    Contract,
    ContractChaincode,
    Info,
    License,
    Private,
    Transient,
    query,
    transaction,
    wire_name,
)
from fabric_shim.errors import ContractDefinitionError
from fabric_shim.testing import LedgerSimulator, TestIdentity
from jsonschema import Draft4Validator

from tests.protocol.probe import chaincode as probe
from tests.unit.fabric_shim.contract_schema import contract_schema

SOMEBODY = TestIdentity.create("AMSP", "somebody")


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Owner:
    name: str = field(metadata=wire_name("Name"))


@dataclass(frozen=True)
class Asset:
    """A thing with an owner."""

    asset_id: Annotated[str, "chosen by its first owner"] = field(metadata=wire_name("ID"))
    size: int = field(metadata=wire_name("Size"))
    owner: Owner = field(metadata=wire_name("Owner"))
    tags: list[str] = field(metadata=wire_name("Tags"))
    when: datetime = field(metadata=wire_name("When"))
    extra: dict[str, int] = field(metadata=wire_name("Extra"), default_factory=dict)


class Node(TypedDict):
    """A tree."""

    value: str
    children: list[Node]
    parent: Node | None


@dataclass(frozen=True)
class Everything:
    day: date
    price: Decimal
    color: Color | None
    level: Literal[1, 2]
    pair: tuple[int, str]
    data: bytes | None
    node: Node | None
    ratio: float
    anything: object
    label: str = field(init=False, default="")


class Assets(Contract):
    """All assets."""

    name = "assets"
    info = Info(
        title="Assets", version="1.0", contact=Contact(name="me", email="me@example.org"),
        license=License("Apache-2.0"), terms_of_service="https://example.org",
    )  # fmt: skip

    @transaction(name="CreateAsset")
    async def create_asset(
        self, ctx: Context, asset_id: str, size: int, asset: Asset, flag: bool, raw: bytes, ratio: float
    ) -> None:
        """Create one."""

    @query(name="ReadAsset")
    async def read_asset(self, ctx: Context, asset_id: str) -> Asset:
        raise NotImplementedError

    @query(name="GetAllAssets")
    async def get_all_assets(self, ctx: Context) -> list[Asset]:
        return []


class Rich(Contract):
    @transaction
    async def everything(self, ctx: Context, value: Everything, *, secret: Transient[Asset]) -> None: ...

    @query
    async def secret(self, ctx: Context, day: date | None, color: Color = Color.RED) -> Private[Node | None]:
        return None


CHAINCODES = {
    "assets": ContractChaincode(Assets(), title="Chaincode", version="2", info=Info(description="d")),
    "rich": ContractChaincode(Rich(), Assets(), default=None),
    "probe": probe(),
}


def metadata_of(chaincode: ContractChaincode) -> Any:
    return json.loads(chaincode.metadata)


@pytest.mark.parametrize("name", CHAINCODES)
def test_metadata_keeps_to_fabrics_contract_schema(name: str) -> None:
    Draft4Validator(contract_schema()).validate(metadata_of(CHAINCODES[name]))


def test_the_schema_refuses_what_would_be_wrong() -> None:
    metadata = metadata_of(CHAINCODES["rich"])
    metadata["contracts"]["Rich"]["transactions"][0]["parameters"][0]["transient"] = True
    assert not Draft4Validator(contract_schema()).is_valid(metadata)


@pytest.mark.parametrize("name", CHAINCODES)
def test_references_lead_to_components(name: str) -> None:
    metadata = metadata_of(CHAINCODES[name])
    schemas = metadata["components"]["schemas"]
    for top in _references(metadata["contracts"]):
        assert top.removeprefix("#/components/schemas/") in schemas
        assert top.startswith("#/components/schemas/")
    for component, schema in schemas.items():
        assert schema["$id"] == component
        # Relative to the component's $id, as in Go and Node; a pointer would lead into the component itself.
        assert set(_references(schema)) <= set(schemas)


def test_get_metadata_answers_the_metadata() -> None:
    chaincode = CHAINCODES["assets"]
    ledger = LedgerSimulator("ch", chaincode)
    payload = run_to_end(ledger.evaluate("org.hyperledger.fabric:GetMetadata", creator=SOMEBODY)).payload
    assert payload == chaincode.metadata


def test_contracts_and_functions_are_described_as_in_go() -> None:
    """The structure that fabric-contract-api-go 2.2.0 prints for the same contract."""
    metadata = metadata_of(CHAINCODES["assets"])
    assert metadata["info"] == {"title": "Chaincode", "version": "2", "description": "d"}
    assets = metadata["contracts"]["assets"]
    assert assets["info"] == {
        "title": "Assets",
        "version": "1.0",
        "description": "All assets.",
        "termsOfService": "https://example.org",
        "contact": {"name": "me", "email": "me@example.org"},
        "license": {"name": "Apache-2.0"},
    }
    assert (assets["name"], assets["default"]) == ("assets", True)
    create, read, get_all = assets["transactions"]
    assert create == {
        "name": "CreateAsset",
        "tag": ["submit", "SUBMIT"],
        "description": "Create one.",
        "parameters": [
            {"name": "asset_id", "required": True, "schema": {"type": "string"}},
            {"name": "size", "required": True, "schema": {"type": "integer"}},
            {"name": "asset", "required": True, "schema": {"$ref": "#/components/schemas/Asset"}},
            {"name": "flag", "required": True, "schema": {"type": "boolean"}},
            {"name": "raw", "required": True, "schema": {"type": "string", "format": "byte"}},
            {"name": "ratio", "required": True, "schema": {"type": "number", "format": "double"}},
        ],
    }
    assert read["tag"] == ["evaluate", "EVALUATE"]
    assert read["returns"] == {"$ref": "#/components/schemas/Asset"}
    assert get_all["returns"] == {"type": "array", "items": {"$ref": "#/components/schemas/Asset"}}
    system = metadata["contracts"]["org.hyperledger.fabric"]
    assert (system["default"], [one["name"] for one in system["transactions"]]) == (False, ["GetMetadata"])
    assert metadata["components"]["schemas"] == {
        "Asset": {
            "$id": "Asset",
            "type": "object",
            "description": "A thing with an owner.",
            "additionalProperties": False,
            "required": ["ID", "Size", "Owner", "Tags", "When"],
            "properties": {
                "ID": {"type": "string", "description": "chosen by its first owner"},
                "Size": {"type": "integer"},
                "Owner": {"$ref": "Owner"},
                "Tags": {"type": "array", "items": {"type": "string"}},
                "When": {"type": "string", "format": "date-time"},
                "Extra": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
        },
        "Owner": {
            "$id": "Owner",
            "type": "object",
            "additionalProperties": False,
            "required": ["Name"],
            "properties": {"Name": {"type": "string"}},
        },
    }


def test_every_type_is_described() -> None:
    schemas = metadata_of(CHAINCODES["rich"])["components"]["schemas"]
    assert schemas["Everything"]["properties"] == {
        "day": {"type": "string", "format": "date"},
        "price": {"type": "string", "format": "decimal"},
        "color": {"type": ["string", "null"], "enum": ["red", "blue", None]},
        "level": {"type": "integer", "enum": [1, 2]},
        "pair": {
            "type": "array",
            "items": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
        "data": {"type": ["string", "null"], "format": "byte"},
        "node": {"anyOf": [{"$ref": "Node"}, {"type": "null"}]},
        "ratio": {"type": "number", "format": "double"},
        "anything": {},
        "label": {"type": "string", "readOnly": True},
    }
    assert "label" not in schemas["Everything"]["required"]
    assert schemas["Node"] == {
        "$id": "Node",
        "type": "object",
        "description": "A tree.",
        "additionalProperties": False,
        "required": ["value", "children", "parent"],
        "properties": {
            "value": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "Node"}},
            "parent": {"anyOf": [{"$ref": "Node"}, {"type": "null"}]},
        },
    }


def test_what_nobody_says_is_filled_in() -> None:
    class Bare(Contract):
        @query
        async def read(self, ctx: Context) -> None: ...

    metadata = metadata_of(ContractChaincode(Bare()))
    assert metadata["info"] == {"title": "Bare", "version": "latest"}
    assert metadata["contracts"]["Bare"]["info"] == {"title": "Bare", "version": "latest"}
    assert metadata["contracts"]["Bare"]["transactions"] == [
        {"name": "read", "tag": ["evaluate", "EVALUATE"], "parameters": []}
    ]


def test_two_classes_of_one_name_cannot_be_one_component() -> None:
    other = dataclass(type("Asset", (), {"__annotations__": {"value": int}}))

    async def both(self: Contract, ctx: Context, one: object, two: object) -> None: ...

    both.__annotations__ = {"ctx": Context, "one": Asset, "two": other, "return": None}
    contract = type("Both", (Contract,), {"both": query(both)})()
    with pytest.raises(ContractDefinitionError, match="Two classes named Asset"):
        ContractChaincode(contract)


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


@dataclass(frozen=True)
class Optionals:
    value: int = 0


def test_a_component_without_required_fields_keeps_to_the_schema() -> None:
    class Lenient(Contract):
        """Wéird "names" \u2028."""

        info = Info(license=License(""))

        @transaction(name='naïve/"fn"')
        async def take(self, ctx: Context, value: Optionals) -> Optionals | None: ...

    described = metadata_of(ContractChaincode(Lenient()))
    Draft4Validator(contract_schema()).validate(described)
    assert "required" not in described["components"]["schemas"]["Optionals"]
