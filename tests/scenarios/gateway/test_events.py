"""Chaincode and block events: live, replayed, from a checkpoint, through a peer that stops and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fabric_gateway import (
    Contract,
    EventsError,
    FileCheckpointer,
    Gateway,
    InMemoryCheckpointer,
    Network,
    StatusCode,
)

from tests.scenarios.gateway.conftest import CHANNEL, Fabric

PATIENCE = 30
BLOCK_KINDS = ("block", "filtered_block", "block_and_private_data")


@pytest.fixture
def network(gateway: Gateway) -> Network:
    return gateway.network(CHANNEL)


@pytest.fixture
def basic(network: Network) -> Contract:
    return network.contract("basic")


async def emit(contract: Contract, name: str, payload: str) -> int:
    submitted = await contract.submit_async("event", arguments=[name, payload])
    return (await submitted.committed()).block_number


async def following(events: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(PATIENCE):
        return await anext(events)


def number(event: Any) -> int:
    """The number of the block in a block event of any kind."""
    return int(event.block.number if hasattr(event, "block") else event.number)


async def test_an_event_arrives(network: Network, basic: Contract) -> None:
    async with network.chaincode_events("basic") as events:
        block = await emit(basic, "foo", "bar")
        event = await following(events)
    assert (event.event_name, event.payload, event.chaincode_name) == ("foo", b"bar", "basic")
    assert event.block_number == block


async def test_replay(network: Network, basic: Contract) -> None:
    block = await emit(basic, "event", "replay")
    async with network.chaincode_events("basic", start_block=block) as events:
        event = await following(events)
    assert (event.event_name, event.payload) == ("event", b"replay")


async def test_a_new_session_begins_with_what_is_new(network: Network, basic: Contract) -> None:
    for payload in ("one", "two"):
        async with network.chaincode_events("basic") as events:
            await emit(basic, "restart", payload)
            assert (await following(events)).payload.decode() == payload


async def test_closing_one_listener_leaves_the_other(network: Network, basic: Contract) -> None:
    async with network.chaincode_events("basic") as other:
        async with network.chaincode_events("basic") as events:
            await emit(basic, "close", "before")
            assert (await following(events)).payload == b"before"
        assert (await following(other)).payload == b"before"
        await emit(basic, "close", "after")
        assert (await following(other)).payload == b"after"


@pytest.mark.parametrize("kind", ["memory", "file"])
async def test_a_checkpoint(network: Network, basic: Contract, tmp_path: Path, kind: str) -> None:
    checkpointer = InMemoryCheckpointer() if kind == "memory" else FileCheckpointer(tmp_path / "checkpoint")
    async with network.chaincode_events("basic", checkpoint=checkpointer) as events:
        await emit(basic, "checkpoint", "one")
        assert (await following(events)).payload == b"one"
        await emit(basic, "checkpoint", "two")
        assert (await following(events)).payload == b"two"
    await emit(basic, "checkpoint", "three")
    async with network.chaincode_events("basic", checkpoint=checkpointer) as events:
        found = [(await following(events)).payload for _ in range(2)]
    # "two" was delivered, but nobody said that it was processed.
    assert found == [b"two", b"three"]


async def test_events_of_another_chaincode_do_not_come(network: Network, basic: Contract) -> None:
    everybody = network.contract("everybody")
    async with network.chaincode_events("everybody") as events:
        await emit(basic, "other", "not for us")
        await emit(everybody, "own", "for us")
        assert (await following(events)).payload == b"for us"


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_block_events_live_and_replayed(network: Network, basic: Contract, kind: str) -> None:
    follow = getattr(network, f"{kind}_events")
    async with follow() as events:
        block = await emit(basic, "live", "x")
        while number(event := await following(events)) < block:
            pass
        assert number(event) == block
    async with follow(start_block=block) as events:
        assert number(await following(events)) == block


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_block_events_from_a_checkpoint(network: Network, basic: Contract, kind: str) -> None:
    checkpointer = InMemoryCheckpointer()
    follow = getattr(network, f"{kind}_events")
    first = await emit(basic, "checkpoint", "a")
    async with follow(start_block=first, checkpoint=checkpointer) as events:
        assert number(await following(events)) == first
        second = await emit(basic, "checkpoint", "b")
        assert number(await following(events)) == first + 1
    assert second > first
    async with follow(checkpoint=checkpointer) as events:
        assert number(await following(events)) == first + 1


async def test_private_data_come_with_the_blocks_to_members_only(network: Network, fabric: Fabric) -> None:
    transient = {"collection": b"Org1Collection", "key": b"event-key", "value": b"private value"}
    submitted = await network.contract("private").submit_async(
        "writePrivateData", transient=transient, endorsing_organizations=["Org1MSP"]
    )
    block = (await submitted.committed()).block_number
    async with network.block_and_private_data_events(start_block=block) as events:
        own = await following(events)
    assert "private value" in repr(own.private_data) or b"private value" in _values(own.private_data)
    async with (
        fabric.gateway("org2") as gateway,
        gateway.network(CHANNEL).block_and_private_data_events(start_block=block) as events,
    ):
        others = await following(events)
    assert number(others) == block
    assert b"private value" not in _values(others.private_data)


def _values(private_data: Any) -> set[bytes]:
    """Every value that was written, wherever it stands."""
    found: set[bytes] = set()

    def walk(part: Any) -> None:
        if isinstance(part, bytes):
            found.add(part)
        elif isinstance(part, dict):
            for item in part.values():
                walk(item)
        elif isinstance(part, list | tuple):
            for item in part:
                walk(item)
        elif hasattr(part, "__dataclass_fields__"):
            for name in part.__dataclass_fields__:
                walk(getattr(part, name))

    walk(private_data)
    return found


async def test_a_channel_that_is_not_there(gateway: Gateway) -> None:
    nowhere = gateway.network("nowhere")
    with pytest.raises(EventsError) as raised:
        async with nowhere.chaincode_events("basic", start_block=0) as events:
            await following(events)
    assert raised.value.code in {StatusCode.NOT_FOUND, StatusCode.PERMISSION_DENIED}
    with pytest.raises(EventsError):
        async with nowhere.block_events(start_block=0) as blocks:
            await following(blocks)
