"""Events of all four kinds against a peer with a chain: cut at every message, sent again, left out."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_gateway import (
    Backoff,
    Block,
    BlockAndPrivateData,
    ChaincodeEvent,
    Checkpoint,
    Checkpointer,
    CheckpointError,
    Events,
    EventsError,
    FilteredBlock,
    Gateway,
    Identity,
    InMemoryCheckpointer,
    Network,
    ResponseError,
    StatusCode,
    Timeouts,
    ValidationCode,
    Write,
    connect,
    signers,
)
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2, events_pb2_grpc

from tests.unit.fabric_gateway.event_peer import CHAINCODE, CHANNEL, Cut, EventPeer, chain, private_data
from tests.unit.fabric_gateway.people import Credentials
from tests.waiting import eventually

SOON = Backoff(first=0.0001, longest=0.001)
BLOCKS = chain(["g"], ["a", "b", "c"], [], ["d"], ["e", "f"])
LABELS = {
    "chaincode": ["g", "a", "b", "c", "d", "e", "f"],
    "block": [0, 1, 2, 3, 4],
    "filtered": [0, 1, 2, 3, 4],
    "private": [0, 1, 2, 3, 4],
}
KINDS = list(LABELS)
BLOCK_KINDS = KINDS[1:]


def follow(
    network: Network,
    kind: str,
    start_block: int | None = 0,
    checkpoint: Checkpoint | Checkpointer | None = None,
    backoff: Backoff = SOON,
) -> Events[Any]:
    match kind:
        case "chaincode":
            return network.chaincode_events(
                CHAINCODE, start_block=start_block, checkpoint=checkpoint, backoff=backoff
            )
        case "block":
            return network.block_events(start_block=start_block, checkpoint=checkpoint, backoff=backoff)
        case "filtered":
            return network.filtered_block_events(
                start_block=start_block, checkpoint=checkpoint, backoff=backoff
            )
        case _:
            return network.block_and_private_data_events(
                start_block=start_block, checkpoint=checkpoint, backoff=backoff
            )


def label(item: object) -> object:
    match item:
        case ChaincodeEvent():
            return item.transaction_id
        case Block() | FilteredBlock():
            return item.number
        case BlockAndPrivateData():
            return item.block.number
    raise AssertionError(item)


async def take(events: Events[Any], count: int) -> list[object]:
    async with asyncio.timeout(10):
        return [label(await anext(events)) for _ in range(count)]


async def nothing_more(events: Events[Any]) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.02)


@pytest.fixture
def peer() -> EventPeer:
    peer = EventPeer()
    peer.blocks = BLOCKS
    return peer


@pytest.fixture
async def peer_address(peer: EventPeer) -> AsyncIterator[str]:
    server = grpc.aio.server()
    gateway_pb2_grpc.add_GatewayServicer_to_server(peer, server)
    events_pb2_grpc.add_DeliverServicer_to_server(peer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest.fixture
async def reader(peer_address: str, identity: Identity, credentials: Credentials) -> AsyncIterator[Gateway]:
    signer = signers.ecdsa(credentials.key_pem)
    async with await connect(address=peer_address, identity=identity, signer=signer) as gateway:
        yield gateway


@pytest.fixture
def channel(reader: Gateway) -> Network:
    return reader.network(CHANNEL)


@pytest.mark.parametrize("kind", KINDS)
async def test_two_cuts_at_any_messages_lose_and_repeat_nothing(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    endings = itertools.cycle([grpc.StatusCode.UNAVAILABLE, None, grpc.StatusCode.INTERNAL])
    for first, second in itertools.product(range(6), range(6)):
        peer.cuts.extend([Cut(first, next(endings)), Cut(second, next(endings))])
        async with follow(channel, kind) as events:
            assert await take(events, len(LABELS[kind])) == LABELS[kind], (first, second)
            await nothing_more(events)
        peer.cuts.clear()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_peer_that_begins_too_early_after_a_cut_is_passed_over(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    for first, back in itertools.product(range(6), range(4)):
        peer.cuts.extend([Cut(first), Cut(2**32, start=-back, ignore_transaction=True)])
        async with follow(channel, kind) as events:
            assert await take(events, len(LABELS[kind])) == LABELS[kind], (first, back)
            await nothing_more(events)
        peer.cuts.clear()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_restart_after_any_item_goes_on_with_the_next(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    expected = LABELS[kind]
    for cut, processed in itertools.product(range(5), range(1, len(expected))):
        checkpointer = InMemoryCheckpointer()
        peer.cuts.append(Cut(cut))
        async with follow(channel, kind, checkpoint=checkpointer) as events:
            # The last one is delivered, but nobody says that it is processed.
            assert await take(events, processed + 1) == expected[: processed + 1]
        peer.cuts.clear()
        peer.cuts.append(Cut(cut))
        async with follow(channel, kind, checkpoint=checkpointer) as events:
            rest = expected[processed:]
            assert await take(events, len(rest)) == rest, (cut, processed)
            await nothing_more(events)
        peer.cuts.clear()


@pytest.mark.parametrize("kind", BLOCK_KINDS)
@pytest.mark.parametrize("missing", range(5))
async def test_a_block_that_is_left_out_is_noticed(
    kind: str, missing: int, channel: Network, peer: EventPeer
) -> None:
    peer.cuts.append(Cut(2**32, leave_out=missing))
    async with follow(channel, kind) as events:
        assert await take(events, missing) == LABELS[kind][:missing]
        if missing == 4:
            await nothing_more(events)
            return
        with pytest.raises(EventsError, match=f"block {missing + 1} where block {missing} is due") as failure:
            await anext(events)
        assert failure.value.code is StatusCode.DATA_LOSS
        # The next attempt asks another stream from the same place.
        assert await take(events, 5 - missing) == LABELS[kind][missing:]


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_a_peer_that_skips_ahead_after_a_cut_is_noticed(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    peer.cuts.extend([Cut(2), Cut(2**32, start=1)])
    async with follow(channel, kind) as events:
        assert await take(events, 2) == [0, 1]
        with pytest.raises(EventsError, match="block 3 where block 2 is due"):
            await anext(events)


@pytest.mark.parametrize("kind", ["block", "private"])
async def test_a_block_of_another_chain_is_noticed(kind: str, channel: Network, peer: EventPeer) -> None:
    peer.cuts.append(Cut(4))
    async with follow(channel, kind) as events:
        assert await take(events, 4) == [0, 1, 2, 3]
        peer.blocks = chain(["other"], [], [], [], ["x"])
        with pytest.raises(EventsError, match="block 4 does not follow the block 3") as failure:
            await anext(events)
        assert failure.value.code is StatusCode.DATA_LOSS


@pytest.mark.parametrize("kind", ["block", "private"])
async def test_a_block_with_other_data_is_noticed(kind: str, channel: Network, peer: EventPeer) -> None:
    changed = common_pb2.Block.FromString(BLOCKS[1].SerializeToString())
    changed.data.data[0] = changed.data.data[1]
    peer.blocks = [BLOCKS[0], changed]
    async with follow(channel, kind) as events:
        await take(events, 1)
        with pytest.raises(EventsError, match="data of block 1 do not match"):
            await anext(events)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_committed_after_the_start_is_delivered_through_a_cut(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    peer.blocks = BLOCKS[:3]
    peer.cuts.extend([Cut(0), Cut(1)])
    async with follow(channel, kind, start_block=None) as events:
        assert events.position == Checkpoint(3)
        peer.grow(BLOCKS)
        expected = {"chaincode": ["d", "e", "f"]}.get(kind, [3, 4])
        assert await take(events, len(expected)) == expected
    assert peer.evaluated == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_waits_given_up_keep_the_stream_and_lose_nothing(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    peer.blocks = []
    async with follow(channel, kind) as events:
        for _ in range(3):
            await nothing_more(events)
        peer.grow(BLOCKS)
        assert await take(events, len(LABELS[kind])) == LABELS[kind]
    assert len(peer.asked) + len(peer.sought) == 1


async def test_polling_with_waits_shorter_than_a_connection_gets_on(
    channel: Network, peer: EventPeer
) -> None:
    received: list[object] = []
    async with follow(channel, "block") as events, asyncio.timeout(10):
        while len(received) < 5:
            try:
                received.append(label(await asyncio.wait_for(anext(events), 0.0005)))
            except TimeoutError:
                continue
    assert received == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_left_after_close(kind: str, channel: Network, peer: EventPeer) -> None:
    before = asyncio.all_tasks()
    async with follow(channel, kind) as events:
        await take(events, len(LABELS[kind]))
        await nothing_more(events)
        assert len(asyncio.all_tasks() - before) > 0
    await events.aclose()
    await eventually(lambda: peer.open == 0)
    await eventually(lambda: _ours(asyncio.all_tasks() - before) == [])
    assert [item async for item in events] == []


def _ours(tasks: set[asyncio.Task[Any]]) -> list[str]:
    """Tasks that run code of this package, not the scripted peer's."""
    return [str(task) for task in tasks if "fabric_gateway/events" in str(task)]


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_while_another_task_waits_ends_its_iteration(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    peer.blocks = []
    events = follow(channel, kind)

    async def read() -> list[object]:
        return [label(item) async for item in events]

    waiting = asyncio.create_task(read())
    await eventually(lambda: peer.open == 1)
    await events.aclose()
    async with asyncio.timeout(1):
        assert await waiting == []


async def test_closing_the_gateway_ends_a_wait_before_the_next_attempt(
    reader: Gateway, channel: Network, peer: EventPeer
) -> None:
    peer.cuts.append(Cut(0))
    events = follow(channel, "block", backoff=Backoff(first=60, longest=60))
    waiting = asyncio.create_task(anext(events))
    await eventually(lambda: len(peer.sought) == 1)
    await asyncio.sleep(0.05)
    await reader.aclose()
    async with asyncio.timeout(2):
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_a_task_cancelled_while_it_waits_is_cancelled(channel: Network, peer: EventPeer) -> None:
    peer.blocks = []
    async with follow(channel, "block") as events:
        waiting = asyncio.create_task(anext(events))
        await eventually(lambda: peer.open == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        peer.grow(BLOCKS)
        assert await take(events, 5) == [0, 1, 2, 3, 4]


async def test_two_tasks_at_once_share_the_blocks(channel: Network, peer: EventPeer) -> None:
    peer.blocks = []
    async with follow(channel, "block") as events:
        waiting = [asyncio.create_task(anext(events)) for _ in range(5)]
        await eventually(lambda: peer.open == 1)
        peer.grow(BLOCKS)
        async with asyncio.timeout(5):
            assert sorted(label(item) for item in await asyncio.gather(*waiting)) == [0, 1, 2, 3, 4]  # type: ignore[type-var]


async def test_two_tasks_do_not_share_a_checkpointer(channel: Network, peer: EventPeer) -> None:
    """The one that asks next would have the other's block saved as processed."""
    peer.blocks = []
    checkpointer = InMemoryCheckpointer()
    async with follow(channel, "block", checkpoint=checkpointer) as events:
        waiting = asyncio.create_task(anext(events))
        await eventually(lambda: peer.open == 1)
        with pytest.raises(EventsError, match="a checkpointer of its own") as raised:
            await anext(events)
        assert raised.value.code is StatusCode.FAILED_PRECONDITION
        peer.grow(BLOCKS)
        async with asyncio.timeout(5):
            assert label(await waiting) == 0
            assert await take(events, 4) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (common_pb2.FORBIDDEN, StatusCode.PERMISSION_DENIED, "FORBIDDEN.*event/Block"),
        (common_pb2.NOT_FOUND, StatusCode.NOT_FOUND, "NOT_FOUND.*not joined"),
        (common_pb2.BAD_REQUEST, StatusCode.INVALID_ARGUMENT, "BAD_REQUEST.*clock"),
        (common_pb2.NOT_IMPLEMENTED, StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED"),
    ],
)
@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_a_refusal_says_which(
    kind: str,
    status: common_pb2.Status.ValueType,
    code: StatusCode,
    words: str,
    channel: Network,
    peer: EventPeer,
) -> None:
    peer.answers = [events_pb2.DeliverResponse(status=status)]
    with pytest.raises(EventsError, match=words) as refusal:
        await anext(follow(channel, kind))
    assert refusal.value.code is code
    assert len(peer.sought) == 1


@pytest.mark.parametrize(
    "status",
    [
        common_pb2.SERVICE_UNAVAILABLE,
        common_pb2.INTERNAL_SERVER_ERROR,
        common_pb2.REQUEST_ENTITY_TOO_LARGE,
        common_pb2.SUCCESS,
        common_pb2.UNKNOWN,
    ],
)
async def test_a_passing_trouble_is_waited_out(
    status: common_pb2.Status.ValueType, channel: Network, peer: EventPeer
) -> None:
    peer.answers = [events_pb2.DeliverResponse(status=status)]
    async with follow(channel, "block") as events:
        waiting = asyncio.create_task(take(events, 5))
        await eventually(lambda: len(peer.sought) > 2)
        peer.answers = []
        assert await waiting == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_a_peer_that_is_behind_after_a_cut_is_waited_for(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    peer.cuts.append(Cut(5))
    async with follow(channel, kind) as events:
        assert await take(events, 5) == [0, 1, 2, 3, 4]
        peer.blocks = BLOCKS[:3]
        waiting = asyncio.create_task(take(events, 1))
        await eventually(lambda: len(peer.sought) > 3)
        peer.blocks = chain(["g"], ["a", "b", "c"], [], ["d"], ["e", "f"], ["h"])
        assert await waiting == [5]


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_a_start_beyond_the_end_of_the_chain_is_refused(kind: str, channel: Network) -> None:
    with pytest.raises(EventsError, match="its chain ends before the start block"):
        await anext(follow(channel, kind, start_block=7))


_BLOCK = events_pb2.DeliverResponse(block=BLOCKS[0])
_FILTERED = events_pb2.DeliverResponse(filtered_block=events_pb2.FilteredBlock(number=0))
_PRIVATE = events_pb2.DeliverResponse(block_and_private_data=private_data(BLOCKS[0]))
_BROKEN = private_data(BLOCKS[0])
_BROKEN.private_data_map[0].ns_pvt_rwset[0].collection_pvt_rwset[0].rwset = b"\xff"


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("block", _FILTERED, "sent filtered_block where a block is due"),
        ("block", _PRIVATE, "sent block_and_private_data where a block"),
        ("block", events_pb2.DeliverResponse(), "sent nothing where"),
        ("block", events_pb2.DeliverResponse(block=common_pb2.Block()), "without a header"),
        ("filtered", _BLOCK, "sent block where a filtered_block is due"),
        ("private", _BLOCK, "sent block where a block_and_private_data is due"),
        ("private", events_pb2.DeliverResponse(block_and_private_data=_BROKEN), "holds no private data"),
    ],
)
async def test_what_is_no_such_event_is_refused(
    kind: str, answer: events_pb2.DeliverResponse, words: str, peer: EventPeer, channel: Network
) -> None:
    peer.answers = [answer]
    with pytest.raises(ResponseError, match=words):
        await anext(follow(channel, kind))


async def test_the_values_of_each_kind(channel: Network) -> None:
    async with follow(channel, "chaincode") as chaincode:
        assert await anext(chaincode) == ChaincodeEvent(0, "g", CHAINCODE, "created", b"g")
    async with follow(channel, "filtered", start_block=1) as filtered:
        block = await anext(filtered)
    assert (block.channel, block.number) == (CHANNEL, 1)
    assert [t.transaction_id for t in block.transactions] == ["a", "b", "c"]
    transaction = block.transaction("b")
    assert transaction == block.transactions[1]
    assert transaction.type == "ENDORSER_TRANSACTION"
    assert transaction.is_valid
    assert transaction.validation_code is ValidationCode.VALID
    emitted = transaction.chaincode_events[0]
    assert (emitted.block_number, emitted.transaction_id) == (1, "b")
    assert (emitted.chaincode_name, emitted.event_name) == (CHAINCODE, "created")
    assert block.transaction("z") is None
    async with follow(channel, "private", start_block=1) as private:
        both = await anext(private)
    assert [t.transaction_id for t in both.block.transactions] == ["a", "b", "c"]
    assert sorted(both.private_data) == [0, 1, 2]
    assert both.private_data[1][CHAINCODE]["secrets"].writes == (Write(CHAINCODE, "k", b"b"),)
    assert both.written(1, CHAINCODE, "secrets").writes == (Write(CHAINCODE, "k", b"b"),)
    assert both.written(7, CHAINCODE, "secrets").writes == ()
    assert "secrets" not in repr(both)


async def test_the_seek_request_is_that_of_fabrics_clients(
    channel: Network, peer: EventPeer, identity: Identity
) -> None:
    async with follow(channel, "block", checkpoint=Checkpoint(3, "d")) as events:
        assert await take(events, 2) == [3, 4]
    (envelope,) = peer.sought
    payload = common_pb2.Payload.FromString(envelope.payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    assert header.type == common_pb2.DELIVER_SEEK_INFO
    assert (header.channel_id, header.epoch, header.tx_id) == (CHANNEL, 0, "")
    assert header.HasField("timestamp")
    signed_by = common_pb2.SignatureHeader.FromString(payload.header.signature_header)
    assert identity.certificate_pem in signed_by.creator
    seek = ab_pb2.SeekInfo.FromString(payload.data)
    assert seek.start.specified.number == 3
    assert seek.stop.specified.number == 2**64 - 1
    assert seek.behavior == ab_pb2.SeekInfo.BLOCK_UNTIL_READY
    key = identity.certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(envelope.signature, envelope.payload, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("kind", KINDS)
async def test_the_time_limit_of_events(
    kind: str, peer_address: str, peer: EventPeer, identity: Identity, credentials: Credentials
) -> None:
    timeouts = Timeouts(chaincode_events=0.3, block_events=0.3)
    signer = signers.ecdsa(credentials.key_pem)
    async with await connect(
        address=peer_address, identity=identity, signer=signer, timeouts=timeouts
    ) as gateway:
        async with follow(gateway.network(CHANNEL), kind) as events:
            assert await take(events, len(LABELS[kind])) == LABELS[kind]
            with pytest.raises(EventsError, match=r"time limit for .* has passed: 0\.3 s") as failure:
                await anext(events)
        assert failure.value.code is StatusCode.DEADLINE_EXCEEDED
    await eventually(lambda: peer.open == 0)


@pytest.mark.parametrize("number", [-1, 2**64])
async def test_a_start_that_is_no_block_number_is_refused(number: int, channel: Network) -> None:
    starts: list[Callable[[], object]] = [
        lambda: follow(channel, "block", start_block=number),
        lambda: follow(channel, "chaincode", checkpoint=Checkpoint(number)),
        lambda: channel.new_chaincode_events_request(CHAINCODE, start_block=number),
        lambda: channel.new_block_events_request(checkpoint=Checkpoint(number)),
    ]
    for start in starts:
        with pytest.raises(EventsError, match="is not a block number"):
            start()


async def test_the_position_follows_what_is_delivered(channel: Network, peer: EventPeer) -> None:
    chaincode = follow(channel, "chaincode", start_block=1)
    assert chaincode.position is None
    async with chaincode:
        assert chaincode.position == Checkpoint(1)
        await take(chaincode, 2)
        assert chaincode.position == Checkpoint(1, "b")
    async with follow(channel, "block") as blocks:
        await take(blocks, 2)
        assert blocks.position == Checkpoint(2)


async def test_opening_outlasts_a_peer_that_is_away_for_a_while(channel: Network, peer: EventPeer) -> None:
    peer.away = 3
    async with follow(channel, "block", start_block=None) as events:
        assert events.position == Checkpoint(5)
    assert peer.evaluated == 4


async def test_without_async_with_it_begins_with_the_first_item_asked_for(
    channel: Network, peer: EventPeer
) -> None:
    peer.away = 1
    events = follow(channel, "block", start_block=None)
    waiting = asyncio.create_task(take(events, 1))
    await eventually(lambda: len(peer.sought) == 1)
    peer.grow(chain(["g"], ["a", "b", "c"], [], ["d"], ["e", "f"], ["h"]))
    assert await waiting == [5]
    await events.aclose()


async def test_a_gateway_closed_while_the_request_is_signed_ends_the_iteration(
    peer_address: str, identity: Identity, credentials: Credentials
) -> None:
    signer = signers.ecdsa(credentials.key_pem)

    async def closing(digest: bytes) -> bytes:
        await gateway.aclose()
        return await signer(digest)

    gateway = await connect(address=peer_address, identity=identity, signer=closing)
    for kind in KINDS:
        assert [item async for item in follow(gateway.network(CHANNEL), kind)] == []


@pytest.mark.parametrize("failure", [ZeroDivisionError, TimeoutError])
async def test_a_signers_own_failure_is_raised_as_it_is(
    failure: type[Exception], peer_address: str, identity: Identity, credentials: Credentials
) -> None:
    signer, failures = signers.ecdsa(credentials.key_pem), [failure]

    async def failing(digest: bytes) -> bytes:
        if failures:
            raise failures.pop()
        return await signer(digest)

    timeouts = Timeouts(block_events=60)
    async with (
        await connect(address=peer_address, identity=identity, signer=failing, timeouts=timeouts) as gateway,
        follow(gateway.network(CHANNEL), "block") as events,
    ):
        with pytest.raises(failure):
            await anext(events)
        assert await take(events, 5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_cut_in_the_middle_of_a_message_loses_and_repeats_nothing(
    kind: str, peer_address: str, peer: EventPeer, identity: Identity, credentials: Credentials
) -> None:
    signer = signers.ecdsa(credentials.key_pem)
    host, _, port = peer_address.rpartition(":")
    cut_connections = 0
    step = 160 if kind in ("block", "private") else 40
    for allowed in range(60, 60 + 12 * step, step):
        budget = [allowed]

        async def serve(
            client: asyncio.StreamReader, back: asyncio.StreamWriter, budget: list[int] = budget
        ) -> None:
            nonlocal cut_connections
            server, forth = await asyncio.open_connection(host, int(port))
            limit = budget.pop() if budget else 2**40
            pumps = {
                asyncio.create_task(_pump(client, forth, 2**40)),
                answers := asyncio.create_task(_pump(server, back, limit)),
            }
            _, open_pumps = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in open_pumps:
                pump.cancel()
            if answers not in open_pumps and answers.result() >= limit:
                cut_connections += 1
            forth.close()
            back.close()

        proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        async with (
            await connect(address=address, identity=identity, signer=signer) as gateway,
            follow(gateway.network(CHANNEL), kind) as events,
        ):
            assert await take(events, len(LABELS[kind])) == LABELS[kind], allowed
            await nothing_more(events)
        proxy.close()
    assert cut_connections > 3


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, limit: int) -> int:
    """Pass on so many bytes, or all there are; how many it were."""
    passed = 0
    with suppress(ConnectionError):
        while passed < limit and (piece := await source.read(min(65536, limit - passed))):
            passed += len(piece)
            sink.write(piece)
            await sink.drain()
    return passed


@pytest.mark.parametrize("kind", KINDS)
async def test_reading_ahead_ends_where_nobody_iterates(
    kind: str, channel: Network, peer: EventPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fabric_gateway.events._AHEAD", 1)
    async with follow(channel, kind) as events:
        first = await take(events, 1)
        await asyncio.sleep(0.05)
        assert len(events._pending) < len(LABELS[kind]) - 1
        assert first + await take(events, len(LABELS[kind]) - 1) == LABELS[kind]
        await nothing_more(events)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_came_before_a_failure_is_delivered_first(
    kind: str, channel: Network, peer: EventPeer
) -> None:
    peer.cuts.append(Cut(2, grpc.StatusCode.PERMISSION_DENIED))
    async with follow(channel, kind) as events:
        await asyncio.wait_for(anext(events), 5)
        await asyncio.sleep(0.05)
        before = 4 if kind == "chaincode" else 2
        assert await take(events, before - 1) == LABELS[kind][1:before]
        with pytest.raises(EventsError) as failure:
            await anext(events)
        assert failure.value.code is StatusCode.PERMISSION_DENIED
        # Who iterates again, asks again from there.
        assert await take(events, len(LABELS[kind]) - before) == LABELS[kind][before:]


async def test_a_checkpointer_that_fails_is_asked_again(channel: Network, peer: EventPeer) -> None:
    class Failing(InMemoryCheckpointer):
        failures = 1

        async def save(self, checkpoint: Checkpoint) -> None:
            if self.failures:
                self.failures -= 1
                raise CheckpointError("disk full")
            await super().save(checkpoint)

    checkpointer = Failing()
    async with follow(channel, "block", checkpoint=checkpointer) as events:
        assert await take(events, 1) == [0]
        with pytest.raises(CheckpointError):
            await anext(events)
        assert await take(events, 1) == [1]
        assert await checkpointer.load() == Checkpoint(1)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_failure_that_nobody_waits_for_makes_no_noise(
    kind: str, channel: Network, peer: EventPeer, caplog: pytest.LogCaptureFixture
) -> None:
    peer.cuts.append(Cut(1, grpc.StatusCode.PERMISSION_DENIED))
    async with follow(channel, kind) as events:
        await take(events, 1)
        await asyncio.sleep(0.05)
    gc.collect()
    await asyncio.sleep(0)
    assert "never retrieved" not in caplog.text
