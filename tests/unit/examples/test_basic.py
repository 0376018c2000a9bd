"""asset-transfer-basic on the simulator."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable

import pytest
from asset_transfer.basic import AssetTransfer
from fabric_shim.contract import ContractChaincode
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity

TOM = TestIdentity.create("Org1MSP", "tom")
BLUE = {"AppraisedValue": 300, "Color": "blue", "ID": "asset1", "Owner": "Tomoko", "Size": 5}


@pytest.fixture
async def ledger() -> LedgerSimulator:
    simulator = LedgerSimulator("mychannel", ContractChaincode(AssetTransfer()))
    await simulator.submit("InitLedger", creator=TOM)
    return simulator


async def refused(transaction: Awaitable[object], text: str) -> None:
    with pytest.raises(TransactionRefusedError, match=f"^{re.escape(text)}$"):
        await transaction


async def test_the_ledger_begins_with_six_assets(ledger: LedgerSimulator) -> None:
    everything = json.loads((await ledger.evaluate("GetAllAssets", creator=TOM)).payload)
    assert [asset["ID"] for asset in everything] == [f"asset{number}" for number in range(1, 7)]
    assert everything[0] == BLUE


async def test_an_empty_ledger_is_an_empty_list() -> None:
    empty = LedgerSimulator("mychannel", ContractChaincode(AssetTransfer()))
    assert (await empty.evaluate("GetAllAssets", creator=TOM)).payload == b"[]"


async def test_fields_lie_in_the_order_of_the_samples(ledger: LedgerSimulator) -> None:
    stored = b'{"AppraisedValue":300,"Color":"blue","ID":"asset1","Owner":"Tomoko","Size":5}'
    assert ledger.state["asset1"] == stored
    assert (await ledger.evaluate("ReadAsset", ["asset1"], creator=TOM)).payload == stored


async def test_an_asset_is_created_once(ledger: LedgerSimulator) -> None:
    created = await ledger.submit("CreateAsset", ["asset7", "red", "3", "Tom", "20"], creator=TOM)
    assert created.payload == b""
    assert json.loads(ledger.state["asset7"]) == {
        "ID": "asset7",
        "Color": "red",
        "Size": 3,
        "Owner": "Tom",
        "AppraisedValue": 20,
    }
    again = ledger.submit("CreateAsset", ["asset7", "red", "3", "Tom", "20"], creator=TOM)
    await refused(again, "the asset asset7 already exists")


async def test_an_asset_is_replaced_and_deleted(ledger: LedgerSimulator) -> None:
    await ledger.submit("UpdateAsset", ["asset1", "grey", "6", "Max", "7"], creator=TOM)
    changed = {"ID": "asset1", "Color": "grey", "Size": 6, "Owner": "Max", "AppraisedValue": 7}
    assert json.loads(ledger.state["asset1"]) == changed
    await ledger.submit("DeleteAsset", ["asset1"], creator=TOM)
    assert (await ledger.evaluate("AssetExists", ["asset1"], creator=TOM)).payload == b"false"
    assert (await ledger.evaluate("AssetExists", ["asset2"], creator=TOM)).payload == b"true"


async def test_a_transfer_tells_the_old_owner(ledger: LedgerSimulator) -> None:
    result = await ledger.submit("TransferAsset", ["asset1", "Saptha"], creator=TOM)
    assert result.payload == b"Tomoko"
    assert json.loads(ledger.state["asset1"]) == {**BLUE, "Owner": "Saptha"}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("ReadAsset", []),
        ("UpdateAsset", ["blue", "5", "Tomoko", "300"]),
        ("DeleteAsset", []),
        ("TransferAsset", ["Tom"]),
    ],
)
async def test_there_has_to_be_an_asset(ledger: LedgerSimulator, function: str, arguments: list[str]) -> None:
    missing = ledger.submit(function, ["asset70", *arguments], creator=TOM)
    await refused(missing, "the asset asset70 does not exist")


@pytest.mark.parametrize("arguments", [[], ["asset9", "blue", "five", "Tomoko", "300"]])
async def test_wrong_arguments_are_refused(ledger: LedgerSimulator, arguments: list[str]) -> None:
    with pytest.raises(TransactionRefusedError, match=r"^bad-argument: "):
        await ledger.submit("CreateAsset", arguments, creator=TOM)
