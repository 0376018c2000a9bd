from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest
from fabric_gateway import (
    Backoff,
    ChaincodeEvent,
    ChaincodeEvents,
    Checkpoint,
    EventsError,
    FileCheckpointer,
    Gateway,
    InMemoryCheckpointer,
    Network,
)
from fabric_protos.common import ledger_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_event_pb2

from tests.unit.fabric_gateway.fake_gateway import FakeGateway

SOON = Backoff(first=0.001, longest=0.01)


def block(number: int, *transactions: str) -> gateway_pb2.ChaincodeEventsResponse:
    return gateway_pb2.ChaincodeEventsResponse(
        block_number=number,
        events=[
            chaincode_event_pb2.ChaincodeEvent(
                chaincode_id="basic", tx_id=transaction, event_name="created", payload=transaction.encode()
            )
            for transaction in transactions
        ],
    )


def position(request: gateway_pb2.ChaincodeEventsRequest) -> tuple[int, str]:
    return request.start_position.specified.number, request.after_transaction_id


async def take(events: ChaincodeEvents, count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [(await anext(events)).transaction_id for _ in range(count)]


async def test_events_arrive_whole_and_in_order(network: Network, fake: FakeGateway) -> None:
    fake.streams.put_nowait([block(3, "a", "b"), block(5, "c")])
    async with network.chaincode_events("basic", start_block=2) as events:
        assert await anext(events) == ChaincodeEvent(3, "a", "basic", "created", b"a")
        assert await take(events, 2) == ["b", "c"]
    assert fake.followed[0].channel_id == "channel1"
    assert fake.followed[0].chaincode_id == "basic"
    assert position(fake.followed[0]) == (2, "")


async def test_without_a_start_it_begins_with_the_next_block(network: Network, fake: FakeGateway) -> None:
    fake.result = ledger_pb2.BlockchainInfo(height=42).SerializeToString()
    async with network.chaincode_events("basic") as events:
        assert len(fake.evaluated) == 1
        fake.result = ledger_pb2.BlockchainInfo(height=43).SerializeToString()
        fake.streams.put_nowait([block(42, "a")])
        assert await take(events, 1) == ["a"]
    assert position(fake.followed[0]) == (42, "")


async def test_a_cut_stream_goes_on_after_the_last_event_delivered(
    network: Network, fake: FakeGateway
) -> None:
    fake.streams.put_nowait([block(3, "a", "b"), grpc.StatusCode.UNAVAILABLE])
    fake.streams.put_nowait([grpc.StatusCode.INTERNAL])
    fake.streams.put_nowait([])
    fake.streams.put_nowait([block(3, "c"), grpc.StatusCode.ABORTED])
    fake.streams.put_nowait([block(4, "d")])
    async with network.chaincode_events("basic", start_block=0, backoff=SOON) as events:
        assert await take(events, 4) == ["a", "b", "c", "d"]
    assert [position(request) for request in fake.followed] == [
        (0, ""),
        (3, "b"),
        (3, "b"),
        (3, "b"),
        (3, "c"),
    ]


async def test_a_cut_before_the_first_event_keeps_the_start(network: Network, fake: FakeGateway) -> None:
    fake.result = ledger_pb2.BlockchainInfo(height=9).SerializeToString()
    fake.streams.put_nowait([grpc.StatusCode.UNAVAILABLE])
    fake.streams.put_nowait([block(9, "a")])
    async with network.chaincode_events("basic", backoff=SOON) as events:
        assert await take(events, 1) == ["a"]
    assert [position(request) for request in fake.followed] == [(9, ""), (9, "")]
    assert len(fake.evaluated) == 1


@pytest.mark.parametrize("refusal", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND])
async def test_a_refusal_is_raised(refusal: grpc.StatusCode, network: Network, fake: FakeGateway) -> None:
    fake.streams.put_nowait([refusal])
    with pytest.raises(EventsError, match="as scripted"):
        await anext(network.chaincode_events("basic", start_block=0, backoff=SOON))
    assert len(fake.followed) == 1


async def test_asking_for_the_next_event_saves_the_one_before(
    network: Network, fake: FakeGateway, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    fake.streams.put_nowait([block(3, "a", "b"), block(6, "c")])
    async with network.chaincode_events("basic", checkpoint=FileCheckpointer(path), start_block=1) as events:
        await anext(events)
        assert not path.exists()
        await anext(events)
        assert await FileCheckpointer(path).load() == Checkpoint(3, "a")
    assert await FileCheckpointer(path).load() == Checkpoint(3, "a")

    fake.streams.put_nowait([block(3, "b"), block(6, "c")])
    async with network.chaincode_events("basic", checkpoint=FileCheckpointer(path), start_block=1) as events:
        assert await take(events, 2) == ["b", "c"]
    assert position(fake.followed[1]) == (3, "a")


async def test_a_checkpoint_beats_the_start_block(network: Network, fake: FakeGateway) -> None:
    fake.streams.put_nowait([block(8, "a")])
    checkpointer = InMemoryCheckpointer(Checkpoint(7, "z"))
    async with network.chaincode_events("basic", start_block=1, checkpoint=checkpointer) as events:
        assert await take(events, 1) == ["a"]
    assert position(fake.followed[0]) == (7, "z")


async def test_a_wait_that_was_given_up_loses_nothing(network: Network, fake: FakeGateway) -> None:
    fake.streams.put_nowait([block(3, "a")])
    async with network.chaincode_events("basic", start_block=0, backoff=SOON) as events:
        assert await take(events, 1) == ["a"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 0.05)
        fake.streams.put_nowait([])
        fake.streams.put_nowait([block(4, "b")])
        assert await take(events, 1) == ["b"]


async def test_closing_the_gateway_ends_the_iteration(
    gateway: Gateway, network: Network, fake: FakeGateway
) -> None:
    async def read() -> list[ChaincodeEvent]:
        return [event async for event in network.chaincode_events("basic", start_block=0)]

    reader = asyncio.create_task(read())
    await fake.reached.wait()
    await gateway.aclose()
    async with asyncio.timeout(1):
        assert await reader == []


async def test_closed_events_end(network: Network, fake: FakeGateway) -> None:
    fake.streams.put_nowait([block(3, "a", "b")])
    events = network.chaincode_events("basic", start_block=0)
    assert await take(events, 1) == ["a"]
    await events.aclose()
    assert [event async for event in events] == []


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(first=1, longest=8)
    for failures, limit in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (5000, 8)]:
        for _ in range(50):
            assert limit / 2 <= backoff.delay(failures) <= limit
    assert len({backoff.delay(3) for _ in range(20)}) > 1
