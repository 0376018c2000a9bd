"""Collections: who may write and read, and which organisations the gateway finds to endorse."""

from __future__ import annotations

import pytest
from fabric_gateway import Gateway, GatewayError

from tests.scenarios.gateway.conftest import CHANNEL, Fabric


async def write(
    gateway: Gateway, collections: str, key: str, value: str, organizations: tuple[str, ...] = ()
) -> None:
    transient = {"collection": collections.encode(), "key": key.encode(), "value": value.encode()}
    contract = gateway.network(CHANNEL).contract("private")
    await contract.submit("writePrivateData", transient=transient, endorsing_organizations=organizations)


async def read(gateway: Gateway, collection: str, key: str, organization: str) -> str:
    contract = gateway.network(CHANNEL).contract("private")
    found = await contract.evaluate(
        "readPrivateData", arguments=[collection, key], endorsing_organizations=[organization]
    )
    return found.decode()


async def test_a_member_reads_what_it_wrote(gateway: Gateway) -> None:
    await write(gateway, "Org1Collection", "key-101", "value-101", ("Org1MSP",))
    assert await read(gateway, "Org1Collection", "key-101", "Org1MSP") == "value-101"


async def test_a_peer_of_another_organisation_does_not_have_it(gateway: Gateway) -> None:
    await write(gateway, "Org1Collection", "key-102", "value-102", ("Org1MSP",))
    with pytest.raises(GatewayError):
        await read(gateway, "Org1Collection", "key-102", "Org2MSP")


async def test_another_organisation_may_write_and_not_read(gateway: Gateway, fabric: Fabric) -> None:
    async with fabric.gateway("org2") as org2:
        await write(org2, "Org1Collection", "key-103", "value-103", ("Org1MSP",))
        with pytest.raises(GatewayError):
            await read(org2, "Org1Collection", "key-103", "Org1MSP")
    assert await read(gateway, "Org1Collection", "key-103", "Org1MSP") == "value-103"


async def test_a_shared_collection_is_its_members_alone(gateway: Gateway, fabric: Fabric) -> None:
    await write(gateway, "SharedCollection", "key-106", "value-106", ("Org1MSP",))
    async with fabric.gateway("org2") as org2:
        with pytest.raises(GatewayError):
            await read(org2, "SharedCollection", "key-106", "Org1MSP")
        with pytest.raises(GatewayError):
            await write(org2, "SharedCollection", "key-107", "value-107", ("Org1MSP",))


async def test_endorsers_are_found_for_an_own_collection(gateway: Gateway) -> None:
    await write(gateway, "SharedCollection", "key-108", "value-108")
    assert await read(gateway, "SharedCollection", "key-108", "Org1MSP") == "value-108"


async def test_endorsers_are_found_for_two_collections(gateway: Gateway) -> None:
    await write(gateway, "SharedCollection,Org3Collection", "key-109", "value-109")
    assert await read(gateway, "SharedCollection", "key-109", "Org1MSP") == "value-109"
    with pytest.raises(GatewayError):
        await read(gateway, "Org3Collection", "key-109", "Org1MSP")
