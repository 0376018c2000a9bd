"""Which organisations are asked to endorse, said by the caller or found by the gateway."""

from __future__ import annotations

import pytest
from fabric_gateway import CommitError, Contract, EndorseError, Gateway

from tests.scenarios.gateway.conftest import CHANNEL

ORGANIZATIONS = ("Org1MSP", "Org2MSP", "Org3MSP")


@pytest.fixture
def private(gateway: Gateway) -> Contract:
    return gateway.network(CHANNEL).contract("private")


@pytest.mark.parametrize("organization", ORGANIZATIONS)
async def test_submit_to_one_organisation(private: Contract, organization: str) -> None:
    result = await private.submit("getPeerOrg", endorsing_organizations=[organization])
    assert result.decode() == organization


@pytest.mark.parametrize("organization", ORGANIZATIONS)
async def test_evaluate_at_one_organisation(private: Contract, organization: str) -> None:
    result = await private.evaluate("getPeerOrg", endorsing_organizations=[organization])
    assert result.decode() == organization


async def test_transient_data_go_to_the_named_organisations_only(private: Contract) -> None:
    result = await private.submit(
        "checkEndorsingOrg",
        transient={"Org1MSP": b"value1", "Org3MSP": b"value2"},
        endorsing_organizations=["Org1MSP", "Org3MSP"],
    )
    assert result == b"success"


async def test_an_organisation_that_is_not_there(private: Contract) -> None:
    with pytest.raises(EndorseError, match="NobodyMSP"):
        await private.submit("getPeerOrg", endorsing_organizations=["NobodyMSP"])


async def test_a_key_of_one_organisation_is_changed_by_it_alone(private: Contract) -> None:
    await private.submit("setStateWithEndorser", arguments=["key-1", "first", "Org1MSP"])
    await private.submit("changeState", arguments=["key-1", "by Org1"], endorsing_organizations=["Org1MSP"])
    assert await private.evaluate_transaction("getState", "key-1") == b"by Org1"
    with pytest.raises((CommitError, EndorseError)):
        await private.submit(
            "changeState", arguments=["key-1", "by Org2"], endorsing_organizations=["Org2MSP"]
        )
    assert await private.evaluate_transaction("getState", "key-1") == b"by Org1"


@pytest.mark.parametrize("others", [("Org1MSP", "Org3MSP"), ("Org2MSP", "Org3MSP")])
async def test_the_gateway_finds_who_must_endorse_a_key(private: Contract, others: tuple[str, str]) -> None:
    key = f"key-{others[0]}"
    await private.submit("setStateWithEndorser", arguments=[key, "first", "Org1MSP"])
    await private.submit("setStateEndorsers", arguments=[key, *others])
    await private.submit("changeState", arguments=[key, "by both"])
    assert await private.evaluate_transaction("getState", key) == b"by both"


async def test_the_wrong_organisations_cannot_change_a_key(private: Contract) -> None:
    await private.submit("setStateWithEndorser", arguments=["key-2", "first", "Org1MSP"])
    await private.submit("setStateEndorsers", arguments=["key-2", "Org1MSP", "Org3MSP"])
    with pytest.raises((CommitError, EndorseError)):
        await private.submit(
            "changeState", arguments=["key-2", "x"], endorsing_organizations=["Org1MSP", "Org2MSP"]
        )
    assert await private.evaluate_transaction("getState", "key-2") == b"first"
