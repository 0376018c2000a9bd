"""asset-transfer-private-data on the simulator: who may do and see what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import asset_transfer
import pytest
from asset_transfer.private_data import PrivateAssetTransfer
from fabric_shim.contract import ContractChaincode
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity, TransactionResult

ORG1, ORG2 = "Org1MSP", "Org2MSP"
COLLECTIONS = Path(asset_transfer.__file__).with_name("collections_config.json")
SHARED, ORG1S, ORG2S = "assetCollection", "Org1MSPPrivateCollection", "Org2MSPPrivateCollection"
SELLER = TestIdentity.create(ORG1, "seller")
BUYER = TestIdentity.create(ORG2, "buyer")
PROPERTIES: Mapping[str, object] = {
    "objectType": "ValuableAsset",
    "assetID": "asset1",
    "color": "green",
    "size": 20,
    "appraisedValue": 100,
}
KEY = {"assetID": "asset1"}
AGREED = {**KEY, "appraisedValue": 100}
TRANSFER = {**KEY, "buyerMSP": ORG2}


class Network:
    """A channel of two organisations, with a peer each."""

    def __init__(self) -> None:
        self.ledger = LedgerSimulator(
            "mychannel",
            ContractChaincode(PrivateAssetTransfer()),
            collections=COLLECTIONS,
            policy="OR('Org1MSP.peer', 'Org2MSP.peer')",
            organizations=[ORG1, ORG2],
        )

    async def submit(
        self, who: TestIdentity, function: str, field: str, document: object, peer: str = ""
    ) -> TransactionResult:
        """Submit at a peer, by default one of the client's organisation."""
        transient = {field: json.dumps(document).encode()}
        return await self.ledger.submit(function, creator=who, transient=transient, peer=peer or who.msp_id)

    async def read(self, who: TestIdentity, function: str, *arguments: str, peer: str = "") -> object:
        """Evaluate at a peer; None for an empty payload."""
        result = await self.ledger.evaluate(function, arguments, creator=who, peer=peer or who.msp_id)
        return json.loads(result.payload) if result.payload else None


@pytest.fixture
async def network() -> Network:
    """With an asset of the seller's."""
    created = Network()
    await created.submit(SELLER, "CreateAsset", "asset_properties", PROPERTIES)
    return created


def refused(text: str) -> pytest.RaisesExc[TransactionRefusedError]:
    return pytest.raises(TransactionRefusedError, match=f"^{re.escape(text)}$")


async def test_an_asset_lies_with_both_and_its_value_with_the_owner(network: Network) -> None:
    asset = await network.read(BUYER, "ReadAsset", "asset1")
    assert isinstance(asset, dict)
    owner = asset.pop("owner")
    assert asset == {"objectType": "ValuableAsset", "assetID": "asset1", "color": "green", "size": 20}
    assert owner.startswith("x509::CN=seller,OU=client::")
    assert await network.read(SELLER, "ReadAssetPrivateDetails", ORG1S, "asset1") == AGREED
    assert network.ledger.private_state(ORG2S) == {}
    assert network.ledger.state == {}


async def test_an_asset_changes_hands_at_the_agreed_value(network: Network) -> None:
    await network.submit(BUYER, "AgreeToTransfer", "asset_value", AGREED)
    agreement = await network.read(SELLER, "ReadTransferAgreement", "asset1")
    assert isinstance(agreement, dict)
    assert (agreement["assetID"], agreement["buyerID"].split(",")[0]) == ("asset1", "x509::CN=buyer")
    await network.submit(SELLER, "TransferAsset", "asset_owner", TRANSFER)
    asset = await network.read(SELLER, "ReadAsset", "asset1")
    assert isinstance(asset, dict)
    assert asset["owner"] == agreement["buyerID"]
    assert await network.read(SELLER, "ReadTransferAgreement", "asset1") is None
    assert await network.read(SELLER, "ReadAssetPrivateDetails", ORG1S, "asset1") is None
    assert await network.read(BUYER, "ReadAssetPrivateDetails", ORG2S, "asset1") == AGREED


async def test_an_agreement_does_not_depend_on_how_json_is_written(network: Network) -> None:
    turned = {"appraisedValue": 100, "assetID": "asset1"}
    await network.submit(BUYER, "AgreeToTransfer", "asset_value", turned)
    await network.submit(SELLER, "TransferAsset", "asset_owner", TRANSFER)


async def test_no_transfer_without_agreement(network: Network) -> None:
    with refused(
        "failed transfer verification: hash of appraised value for asset1 does not exist in collection"
        " Org2MSPPrivateCollection. AgreeToTransfer must be called by the buyer first"
    ):
        await network.submit(SELLER, "TransferAsset", "asset_owner", TRANSFER)


async def test_no_transfer_at_another_value(network: Network) -> None:
    await network.submit(BUYER, "AgreeToTransfer", "asset_value", {**AGREED, "appraisedValue": 99})
    with pytest.raises(
        TransactionRefusedError, match=r"hash for appraised value for owner [0-9a-f]{64} does not"
    ):
        await network.submit(SELLER, "TransferAsset", "asset_owner", TRANSFER)


async def test_no_transfer_by_anybody_but_the_owner(network: Network) -> None:
    colleague = TestIdentity.create(ORG1, "colleague")
    await network.submit(BUYER, "AgreeToTransfer", "asset_value", AGREED)
    with refused("failed transfer verification: error: submitting client identity does not own asset"):
        await network.submit(colleague, "TransferAsset", "asset_owner", TRANSFER)


async def test_an_agreement_may_be_withdrawn(network: Network) -> None:
    with refused("asset's transfer_agreement does not exist: asset1"):
        await network.submit(BUYER, "DeleteTranferAgreement", "agreement_delete", KEY)
    await network.submit(BUYER, "AgreeToTransfer", "asset_value", AGREED)
    await network.submit(BUYER, "DeleteTranferAgreement", "agreement_delete", KEY)
    assert network.ledger.private_state(ORG2S) == {}
    assert await network.read(BUYER, "ReadTransferAgreement", "asset1") is None


async def test_an_asset_is_deleted_by_the_keeper_of_its_value(network: Network) -> None:
    with refused(f"asset not found in owner's private Collection {ORG2S}: asset1"):
        await network.submit(BUYER, "DeleteAsset", "asset_delete", KEY)
    await network.submit(SELLER, "DeleteAsset", "asset_delete", KEY)
    assert await network.read(SELLER, "ReadAsset", "asset1") is None
    with refused("asset not found: asset1"):
        await network.submit(SELLER, "DeleteAsset", "asset_delete", KEY)


async def test_a_purge_leaves_nothing_on_the_peers(network: Network) -> None:
    await network.submit(SELLER, "DeleteAsset", "asset_delete", KEY)
    assert network.ledger.private_store(ORG1S, "asset1")
    await network.submit(SELLER, "PurgeAsset", "asset_purge", KEY)
    assert network.ledger.private_store(ORG1S, "asset1") == ()
    assert network.ledger.private_store(SHARED, "asset1") == ()


@pytest.mark.parametrize(
    ("function", "field", "document"),
    [
        ("CreateAsset", "asset_properties", {**PROPERTIES, "assetID": "asset2"}),
        ("AgreeToTransfer", "asset_value", AGREED),
        ("TransferAsset", "asset_owner", TRANSFER),
        ("DeleteAsset", "asset_delete", KEY),
        ("PurgeAsset", "asset_purge", KEY),
        ("DeleteTranferAgreement", "agreement_delete", KEY),
    ],
)
async def test_a_peer_serves_its_own_organizations_clients(
    network: Network, function: str, field: str, document: object
) -> None:
    with refused(
        f"{function} cannot be performed: Error client from org Org2MSP is not authorized"
        " to read or write private data from an org Org1MSP peer"
    ):
        await network.submit(BUYER, function, field, document, peer=ORG1)


async def test_a_value_is_read_by_its_organization_only(network: Network) -> None:
    with pytest.raises(TransactionRefusedError, match="read access permission") as denied:
        await network.read(BUYER, "ReadAssetPrivateDetails", ORG1S, "asset1", peer=ORG1)
    assert str(denied.value).startswith("failed to read asset details: GET_STATE failed: transaction ID: ")
    with pytest.raises(
        TransactionRefusedError, match="private data matching public hash version is not available"
    ):
        await network.read(SELLER, "ReadAssetPrivateDetails", ORG1S, "asset1", peer=ORG2)


async def test_assets_are_listed_by_range(network: Network) -> None:
    await network.submit(SELLER, "CreateAsset", "asset_properties", {**PROPERTIES, "assetID": "asset2"})
    found = await network.read(BUYER, "GetAssetByRange", "asset1", "asset3")
    assert isinstance(found, list)
    assert [asset["assetID"] for asset in found] == ["asset1", "asset2"]
    assert await network.read(BUYER, "GetAssetByRange", "b", "c") == []


async def test_an_asset_is_created_once(network: Network) -> None:
    with refused("this asset already exists: asset1"):
        await network.submit(SELLER, "CreateAsset", "asset_properties", PROPERTIES)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("CreateAsset", "asset not found in the transient map input"),
        ("AgreeToTransfer", "asset_value key not found in the transient map"),
        ("TransferAsset", "asset owner not found in the transient map"),
        ("DeleteAsset", "asset to delete not found in the transient map"),
        ("PurgeAsset", "asset to purge not found in the transient map"),
        ("DeleteTranferAgreement", "asset to delete not found in the transient map"),
    ],
)
async def test_input_has_to_be_transient(network: Network, function: str, text: str) -> None:
    with refused(text):
        await network.submit(SELLER, function, "something_else", {})


@pytest.mark.parametrize(
    ("function", "field", "document", "text"),
    [
        ("CreateAsset", "asset_properties", {}, "objectType field must be a non-empty string"),
        (
            "CreateAsset",
            "asset_properties",
            {**PROPERTIES, "color": ""},
            "color field must be a non-empty string",
        ),
        (
            "CreateAsset",
            "asset_properties",
            {**PROPERTIES, "size": 0},
            "size field must be a positive integer",
        ),
        ("AgreeToTransfer", "asset_value", KEY, "appraisedValue field must be a positive integer"),
        ("TransferAsset", "asset_owner", KEY, "buyerMSP field must be a non-empty string"),
        ("DeleteAsset", "asset_delete", {}, "assetID field must be a non-empty string"),
        (
            "DeleteTranferAgreement",
            "agreement_delete",
            {},
            "transient input ID field must be a non-empty string",
        ),
        ("AgreeToTransfer", "asset_value", {**AGREED, "assetID": "asset9"}, "asset9 does not exist"),
        ("TransferAsset", "asset_owner", {**TRANSFER, "assetID": "asset9"}, "asset9 does not exist"),
    ],
)
async def test_input_is_checked(
    network: Network, function: str, field: str, document: object, text: str
) -> None:
    with refused(text):
        await network.submit(SELLER, function, field, document)


async def test_rich_queries_need_couchdb(network: Network) -> None:
    with pytest.raises(TransactionRefusedError):
        await network.read(SELLER, "QueryAssetByOwner", "ValuableAsset", "somebody")
