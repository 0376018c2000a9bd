"""asset-transfer-events on the simulator: what is published, and who sees an asset's properties."""

from __future__ import annotations

import json
import re

import pytest
from asset_transfer.events import AssetTransferEvents
from fabric_shim.contract import ContractChaincode
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity

ORG1, ORG2 = "Org1MSP", "Org2MSP"
OWN_COLLECTION = "_implicit_org_Org1MSP"
SAM = TestIdentity.create(ORG1, "sam")
MARY = TestIdentity.create(ORG2, "mary")
ARGUMENTS = ["item", "blue", "10", "Sam", "100"]
ASSET = {"ID": "item", "Color": "blue", "Size": 10, "Owner": "Sam", "AppraisedValue": 100}
PROPERTIES = {"asset_properties": b'{"Price": "90", "salt": "39"}'}


@pytest.fixture
def ledger() -> LedgerSimulator:
    return LedgerSimulator("mychannel", ContractChaincode(AssetTransferEvents()))


async def read(ledger: LedgerSimulator, reader: TestIdentity) -> object:
    return json.loads((await ledger.evaluate("ReadAsset", ["item"], creator=reader, peer=ORG1)).payload)


async def test_every_change_is_published_with_the_asset(ledger: LedgerSimulator) -> None:
    transferred = {**ASSET, "AppraisedValue": 200, "Owner": "Mary"}
    changes: list[tuple[str, list[str], dict[str, object]]] = [
        ("CreateAsset", ARGUMENTS, ASSET),
        ("UpdateAsset", [*ARGUMENTS[:-1], "200"], {**ASSET, "AppraisedValue": 200}),
        ("TransferAsset", ["item", "Mary"], transferred),
        ("DeleteAsset", ["item"], transferred),
    ]
    for function, arguments, published in changes:
        event = (await ledger.submit(function, arguments, creator=SAM)).event
        assert event is not None
        assert (event.name, json.loads(event.payload)) == (function, published)
    assert ledger.state == {}


async def test_a_transfer_tells_the_old_owner(ledger: LedgerSimulator) -> None:
    await ledger.submit("CreateAsset", ARGUMENTS, creator=SAM)
    assert (await ledger.submit("TransferAsset", ["item", "Mary"], creator=SAM)).payload == b"Sam"


async def test_properties_are_shown_to_their_keepers_clients(ledger: LedgerSimulator) -> None:
    await ledger.submit("CreateAsset", ARGUMENTS, creator=SAM, transient=PROPERTIES, peer=ORG1)
    assert ledger.private_state(OWN_COLLECTION)["item"] == PROPERTIES["asset_properties"]
    assert await read(ledger, SAM) == {**ASSET, "asset_properties": {"Price": "90", "salt": "39"}}
    assert await read(ledger, MARY) == ASSET


async def test_properties_reach_neither_the_block_nor_another_collection(ledger: LedgerSimulator) -> None:
    for creator, function in ((MARY, "CreateAsset"), (SAM, "UpdateAsset")):
        result = await ledger.submit(function, ARGUMENTS, creator=creator, transient=PROPERTIES, peer=ORG1)
        assert result.event is not None
        assert b"Price" not in result.event.payload + ledger.state["item"] + result.payload
    assert list(result.private_writes) == [OWN_COLLECTION]
    assert "item" not in ledger.private_state("_implicit_org_Org2MSP")


async def test_properties_of_others_are_not_kept(ledger: LedgerSimulator) -> None:
    result = await ledger.submit("CreateAsset", ARGUMENTS, creator=MARY, transient=PROPERTIES, peer=ORG1)
    assert result.private_writes == {}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("UpdateAsset", [*ARGUMENTS[:-1], "200"]), ("TransferAsset", ["item", "Mary"])],
)
async def test_a_change_may_bring_new_properties(
    ledger: LedgerSimulator, function: str, arguments: list[str]
) -> None:
    await ledger.submit("CreateAsset", ARGUMENTS, creator=SAM, transient=PROPERTIES, peer=ORG1)
    later = {"asset_properties": b'{"Price": "180"}'}
    await ledger.submit(function, arguments, creator=SAM, transient=later, peer=ORG1)
    assert ledger.private_state(OWN_COLLECTION)["item"] == b'{"Price": "180"}'


async def test_the_properties_go_with_the_asset(ledger: LedgerSimulator) -> None:
    await ledger.submit("CreateAsset", ARGUMENTS, creator=SAM, transient=PROPERTIES, peer=ORG1)
    await ledger.submit("DeleteAsset", ["item"], creator=SAM)
    assert "item" not in ledger.private_state(OWN_COLLECTION)


@pytest.mark.parametrize("transient", [{}, PROPERTIES])
async def test_both_organizations_endorse_the_same_deletion(
    ledger: LedgerSimulator, transient: dict[str, bytes]
) -> None:
    await ledger.submit("CreateAsset", ARGUMENTS, creator=SAM, transient=transient, peer=ORG1)
    await ledger.submit("DeleteAsset", ["item"], creator=SAM, endorsers=[ORG1, ORG2])
    assert (ledger.state, ledger.private_state(OWN_COLLECTION)) == ({}, {})


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("ReadAsset", ["item"]),
        ("UpdateAsset", ARGUMENTS),
        ("TransferAsset", ["item", "Mary"]),
        ("DeleteAsset", ["item"]),
    ],
)
async def test_there_has_to_be_an_asset(ledger: LedgerSimulator, function: str, arguments: list[str]) -> None:
    with pytest.raises(TransactionRefusedError, match=r"^the asset item does not exist$"):
        await ledger.submit(function, arguments, creator=SAM)


async def test_an_asset_is_created_once(ledger: LedgerSimulator) -> None:
    await ledger.submit("CreateAsset", ARGUMENTS, creator=SAM)
    with pytest.raises(TransactionRefusedError, match=re.escape("the asset item already exists")):
        await ledger.submit("CreateAsset", ARGUMENTS, creator=MARY)
