"""asset-transfer-sbe on the simulator: whose peers have to endorse what."""

from __future__ import annotations

import json

import pytest
from asset_transfer.sbe import AssetContract
from fabric_shim.contract import ContractChaincode
from fabric_shim.errors import TransactionInvalidError, TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity

ORG1, ORG2 = "Org1MSP", "Org2MSP"
TOM = TestIdentity.create(ORG1, "tom")
HENRY = TestIdentity.create(ORG2, "henry")


@pytest.fixture
async def ledger() -> LedgerSimulator:
    simulator = LedgerSimulator(
        "mychannel", ContractChaincode(AssetContract()), policy="MAJORITY", organizations=[ORG1, ORG2]
    )
    await simulator.submit("CreateAsset", ["asset", "100", "Tom"], creator=TOM, endorsers=[ORG1, ORG2])
    return simulator


async def test_the_creators_organization_owns_the_asset(ledger: LedgerSimulator) -> None:
    asset = {"ID": "asset", "Value": 100, "Owner": "Tom", "OwnerOrg": ORG1}
    assert json.loads((await ledger.evaluate("ReadAsset", ["asset"], creator=HENRY)).payload) == asset
    assert (await ledger.evaluate("AssetExists", ["asset"], creator=HENRY)).payload == b"true"


async def test_creation_needs_the_endorsement_of_both(ledger: LedgerSimulator) -> None:
    with pytest.raises(TransactionInvalidError, match="ENDORSEMENT_POLICY_FAILURE"):
        await ledger.submit("CreateAsset", ["other", "1", "Tom"], creator=TOM, endorsers=[ORG1])


@pytest.mark.parametrize("creator", [TOM, HENRY])
async def test_the_owners_organization_alone_endorses_changes(
    ledger: LedgerSimulator, creator: TestIdentity
) -> None:
    await ledger.submit("UpdateAsset", ["asset", "200"], creator=creator, endorsers=[ORG1])
    assert json.loads(ledger.state["asset"])["Value"] == 200
    for function, arguments in (
        ("UpdateAsset", ["300"]),
        ("TransferAsset", ["Henry", ORG2]),
        ("DeleteAsset", []),
    ):
        with pytest.raises(TransactionInvalidError, match="ENDORSEMENT_POLICY_FAILURE"):
            await ledger.submit(function, ["asset", *arguments], creator=creator, endorsers=[ORG2])
    assert json.loads(ledger.state["asset"])["Value"] == 200


async def test_a_transfer_hands_over_the_endorsement(ledger: LedgerSimulator) -> None:
    await ledger.submit("TransferAsset", ["asset", "Henry", ORG2], creator=TOM, endorsers=[ORG1])
    transferred = {"ID": "asset", "Value": 100, "Owner": "Henry", "OwnerOrg": ORG2}
    assert json.loads(ledger.state["asset"]) == transferred
    with pytest.raises(TransactionInvalidError, match="ENDORSEMENT_POLICY_FAILURE"):
        await ledger.submit("DeleteAsset", ["asset"], creator=TOM, endorsers=[ORG1])
    await ledger.submit("DeleteAsset", ["asset"], creator=HENRY, endorsers=[ORG2])
    assert ledger.state == {}


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("ReadAsset", []), ("UpdateAsset", ["1"]), ("TransferAsset", ["Henry", ORG2]), ("DeleteAsset", [])],
)
async def test_there_has_to_be_an_asset(ledger: LedgerSimulator, function: str, arguments: list[str]) -> None:
    with pytest.raises(TransactionRefusedError, match=r"^The asset none does not exist$"):
        await ledger.submit(function, ["none", *arguments], creator=TOM)


async def test_an_asset_is_created_once(ledger: LedgerSimulator) -> None:
    with pytest.raises(TransactionRefusedError, match=r"^The asset asset already exists$"):
        await ledger.submit("CreateAsset", ["asset", "100", "Tom"], creator=HENRY)
