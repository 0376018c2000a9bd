"""The examples on real peers: Fabric's own gateway client calls them as its sample applications do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.examples_client.applications import Step, node_organization, run
from tests.scenarios.conftest import Network, free_port_base

TOPOLOGY = Path(__file__).parent / "topologies" / "asset-transfer.yaml"
EXAMPLES = Path(__file__).parents[2] / "chaincode" / "examples"
CHANNEL = "mychannel"

ENDORSEMENT_POLICY_FAILURE = 10

Steps = Mapping[str, Step]
Organizations = Sequence[Mapping[str, str]]


@pytest.fixture(scope="module")
def organizations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organizations]:
    """The two organisations of a network with the examples, whose processes find them in this repository."""
    network = Network("asset-transfer", tmp_path_factory.mktemp("asset-transfer"), free_port_base())
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTHONPATH", str(EXAMPLES), prepend=os.pathsep)
            network.must("up", "--bare", "--topology", str(TOPOLOGY))
        yield [node_organization(network, name) for name in ("org1", "org2")]
    finally:
        network.must("down")


@pytest.fixture(scope="module")
def basic(organizations: Organizations) -> Steps:
    return run("basic", CHANNEL, organizations[:1])


@pytest.fixture(scope="module")
def events(organizations: Organizations) -> Steps:
    return run("events", CHANNEL, organizations)


@pytest.fixture(scope="module")
def private(organizations: Organizations) -> Steps:
    return run("private-data", CHANNEL, organizations)


@pytest.fixture(scope="module")
def sbe(organizations: Organizations) -> Steps:
    return run("sbe", CHANNEL, organizations)


def test_basic_assets_are_created_changed_and_deleted(basic: Steps) -> None:
    for name in ("InitLedger", "CreateAsset", "UpdateAsset", "DeleteAsset"):
        assert basic[name] == Step(result="")
    everything = _array(basic["GetAllAssets"])
    assert [asset["ID"] for asset in everything] == [f"asset{number}" for number in range(1, 7)]
    assert everything[0] == _asset("asset1", "blue", 5, "Tomoko", 300)
    assert basic["TransferAsset"] == _committed("Tom")
    transferred = _object(basic["ReadAsset"])
    assert transferred == _asset(transferred["ID"], "yellow", 5, "Saptha", 1300)
    assert _object(basic["ReadAsset updated"]) == _asset("asset1", "blue", 5, "Tomoko", 400)
    assert (basic["AssetExists"], basic["AssetExists asset1"]) == (Step("false"), Step("true"))


def test_basic_refusals_reach_the_client_in_the_samples_words(basic: Steps) -> None:
    asset_id = _object(basic["ReadAsset"])["ID"]
    assert basic["CreateAsset again"].refusals == {f"the asset {asset_id} already exists"}
    assert basic["UpdateAsset missing"].refusals == {"the asset asset70 does not exist"}
    assert basic["UpdateAsset without arguments"].refusals


def test_events_come_live_and_are_replayed(events: Steps) -> None:
    assert (events["UpdateAsset"], events["DeleteAsset"]) == (_committed(), _committed())
    assert events["TransferAsset"] == _committed("Tom")
    read = _object(events["ReadAsset"])
    asset_id = read["ID"]
    created, updated = (_asset(asset_id, "yellow", 5, "Tom", value) for value in (100, 200))
    transferred = _asset(asset_id, "yellow", 5, "Saptha", 200)
    assert read == updated
    seen = events["events"].result
    assert isinstance(seen, list)
    assert [(event["name"], json.loads(event["payload"])) for event in seen] == [
        ("CreateAsset", created),
        ("UpdateAsset", updated),
        ("TransferAsset", transferred),
        ("DeleteAsset", transferred),
    ]
    assert events["replayed"] == events["events"]


def test_events_properties_are_read_by_their_keeper_only(events: Steps) -> None:
    for name in ("CreateAsset priced", "DeleteAsset priced"):
        assert events[name] == _committed()
    assert events["TransferAsset priced"] == _committed("Sam")
    owners, others = _object(events["ReadAsset priced"]), _object(events["ReadAsset priced as Org2"])
    assert others == _asset(others["ID"], "blue", 10, "Sam", 100)
    assert {**owners, "asset_properties": None} == {**others, "asset_properties": None}
    assert owners["asset_properties"] == {
        "object_type": "asset_properties",
        "asset_id": owners["ID"],
        "Price": "90",
        "salt": "3939",
    }
    later = _object(events["ReadAsset priced again"])
    assert (later["Owner"], later["asset_properties"]["Price"]) == ("Mary", "180")
    assert events["ReadAsset deleted"].refusals == {f"the asset {owners['ID']} does not exist"}


def test_private_assets_change_hands(private: Steps) -> None:
    for name in (
        "CreateAsset",
        "CreateAsset 2",
        "AgreeToTransfer",
        "TransferAsset",
        "DeleteAsset",
        "PurgeAsset",
    ):
        assert private[name] == _committed()
    first, second = _array(private["GetAssetByRange"])
    owner = first["owner"]
    assert owner.startswith("x509::CN=")
    assert first == _private_asset(first["assetID"], "green", 20, owner)
    assert second == _private_asset(second["assetID"], "blue", 35, owner)
    assert _object(private["ReadAsset"]) == first
    buyer = _object(private["ReadTransferAgreement"])
    assert buyer["assetID"] == first["assetID"]
    assert buyer["buyerID"] != owner
    assert _object(private["ReadAsset transferred"]) == {**first, "owner": buyer["buyerID"]}
    assert private["ReadAssetPrivateDetails of Org1"] == Step("")
    value = {"assetID": first["assetID"], "appraisedValue": 100}
    assert _object(private["ReadAssetPrivateDetails of Org2"]) == value
    assert private["ReadAsset deleted"] == Step("")


def test_private_assets_are_kept_from_others(private: Steps) -> None:
    first, second = (asset["assetID"] for asset in _array(private["GetAssetByRange"]))
    assert private["TransferAsset unagreed"].refusals == {
        f"failed transfer verification: hash of appraised value for {first} does not exist in collection"
        " Org2MSPPrivateCollection. AgreeToTransfer must be called by the buyer first"
    }
    assert private["DeleteAsset as Org2"].refusals == {
        f"asset not found in owner's private Collection Org2MSPPrivateCollection: {second}"
    }
    (refusal,) = private["ReadAssetPrivateDetails of Org1 as Org2"].refusals
    assert refusal.startswith("failed to read asset details: GET_STATE failed: transaction ID: ")
    assert refusal.endswith(
        ": tx creator does not have read access permission on privatedata in"
        " chaincodeName:private collectionName: Org1MSPPrivateCollection"
    )


def test_the_owners_organization_endorses_changes(sbe: Steps) -> None:
    sequence = [
        ("CreateAsset", 100, "Tom", "Org1MSP"),
        ("UpdateAsset 200 endorsed by Org1", 200, "Tom", "Org1MSP"),
        ("UpdateAsset 300 as Org1", 300, "Tom", "Org1MSP"),
        ("UpdateAsset 400 as Org2", 400, "Tom", "Org1MSP"),
        ("TransferAsset", 400, "Henry", "Org2MSP"),
        ("UpdateAsset 600 endorsed by Org2", 600, "Henry", "Org2MSP"),
    ]
    for name, value, owner, owner_org in sequence:
        assert sbe[name] == _committed(), name
        _both_read(sbe, name, value, owner, owner_org)
    assert sbe["DeleteAsset endorsed by Org2"] == _committed()
    asset_id = _object(sbe["CreateAsset: Org1 reads"])["ID"]
    for reader in ("Org1", "Org2"):
        assert sbe[f"DeleteAsset endorsed by Org2: {reader} reads"].refusals == {
            f"The asset {asset_id} does not exist"
        }


def test_changes_that_others_endorse_are_not_valid(sbe: Steps) -> None:
    sequence = [
        ("UpdateAsset 500 endorsed by Org2", 400, "Tom", "Org1MSP"),
        ("UpdateAsset 700 endorsed by Org1", 600, "Henry", "Org2MSP"),
        ("DeleteAsset endorsed by Org1", 600, "Henry", "Org2MSP"),
    ]
    for name, value, owner, owner_org in sequence:
        assert sbe[name] == Step({"result": "", "successful": False, "code": ENDORSEMENT_POLICY_FAILURE}), (
            name
        )
        _both_read(sbe, name, value, owner, owner_org)


def _both_read(steps: Steps, change: str, value: int, owner: str, owner_org: str) -> None:
    for reader in ("Org1", "Org2"):
        asset = _object(steps[f"{change}: {reader} reads"])
        assert asset == {"ID": asset["ID"], "Value": value, "Owner": owner, "OwnerOrg": owner_org}


def _committed(result: str = "") -> Step:
    return Step({"result": result, "successful": True, "code": 0})


def _asset(asset_id: object, color: str, size: int, owner: str, appraised_value: int) -> dict[str, object]:
    return {"ID": asset_id, "Color": color, "Size": size, "Owner": owner, "AppraisedValue": appraised_value}


def _private_asset(asset_id: object, color: str, size: int, owner: str) -> dict[str, object]:
    return {"objectType": "ValuableAsset", "assetID": asset_id, "color": color, "size": size, "owner": owner}


def _object(step: Step) -> dict[str, Any]:
    document = step.document
    assert isinstance(document, dict)
    return document


def _array(step: Step) -> list[dict[str, Any]]:
    document = step.document
    assert isinstance(document, list)
    return document
