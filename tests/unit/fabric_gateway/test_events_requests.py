"""Event requests signed elsewhere: their bytes, their signature, and what a cut does to them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from fabric_gateway import (
    Checkpoint,
    EventsError,
    EventsRequest,
    Gateway,
    Identity,
    Network,
    NoSignerError,
    SignableError,
    StatusCode,
    connect,
)
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2

from tests.unit.fabric_gateway.event_peer import CHAINCODE, CHANNEL, Cut, EventPeer, chain
from tests.unit.fabric_gateway.people import Credentials
from tests.unit.fabric_gateway.test_event_streams import (
    BLOCK_KINDS,
    BLOCKS,
    KINDS,
    LABELS,
    SOON,
    follow,
    nothing_more,
    peer,
    peer_address,
    take,
)

__all__ = ["peer", "peer_address"]


@pytest.fixture
async def offline(peer_address: str, identity: Identity) -> AsyncIterator[Gateway]:
    async with await connect(address=peer_address, identity=identity) as gateway:
        yield gateway


@pytest.fixture
def channel(offline: Gateway) -> Network:
    return offline.network(CHANNEL)


def request_for(
    network: Network, kind: str, start_block: int | None = 0, checkpoint: Checkpoint | None = None
) -> EventsRequest[Any]:
    match kind:
        case "chaincode":
            return network.new_chaincode_events_request(
                CHAINCODE, start_block=start_block, checkpoint=checkpoint
            )
        case "block":
            return network.new_block_events_request(start_block=start_block, checkpoint=checkpoint)
        case "filtered":
            return network.new_filtered_block_events_request(start_block=start_block, checkpoint=checkpoint)
        case _:
            return network.new_block_and_private_data_events_request(
                start_block=start_block, checkpoint=checkpoint
            )


def signed(
    gateway: Gateway, kind: str, request: EventsRequest[Any], credentials: Credentials
) -> EventsRequest[Any]:
    key = serialization.load_pem_private_key(credentials.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(request.digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    return {
        "chaincode": gateway.new_signed_chaincode_events_request,
        "block": gateway.new_signed_block_events_request,
        "filtered": gateway.new_signed_filtered_block_events_request,
        "private": gateway.new_signed_block_and_private_data_events_request,
    }[kind](request.bytes, signature)


def recreated(gateway: Gateway, kind: str, content: bytes) -> EventsRequest[Any]:
    return {
        "chaincode": gateway.new_chaincode_events_request,
        "block": gateway.new_block_events_request,
        "filtered": gateway.new_filtered_block_events_request,
        "private": gateway.new_block_and_private_data_events_request,
    }[kind](content)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_signed_elsewhere_is_read_to_the_end_through_cuts(
    kind: str, offline: Gateway, channel: Network, peer: EventPeer, credentials: Credentials
) -> None:
    for cut in range(6):
        peer.asked.clear()
        peer.sought.clear()
        peer.cuts.extend([Cut(cut), Cut(cut, None), Cut(1)])
        request = signed(offline, kind, request_for(channel, kind), credentials)
        async with request.events(backoff=SOON) as events:
            assert await take(events, len(LABELS[kind])) == LABELS[kind], cut
            await nothing_more(events)
        sent = {m.SerializeToString() for m in [*peer.asked, *peer.sought]}
        assert sent == {request.bytes}
        peer.cuts.clear()


@pytest.mark.parametrize("kind", KINDS)
async def test_it_begins_at_its_checkpoint(
    kind: str, offline: Gateway, channel: Network, peer: EventPeer, credentials: Credentials
) -> None:
    peer.cuts.append(Cut(1))
    request = request_for(channel, kind, 0, Checkpoint(1, "b"))
    events = signed(offline, kind, request, credentials).events(backoff=SOON)
    expected = ["c", "d", "e", "f"] if kind == "chaincode" else [1, 2, 3, 4]
    async with events:
        assert await take(events, 4) == expected
        assert events.position == (Checkpoint(4, "f") if kind == "chaincode" else Checkpoint(5))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_for_the_next_block_is_not_sent_again(
    kind: str, offline: Gateway, channel: Network, peer: EventPeer, credentials: Credentials
) -> None:
    peer.blocks = BLOCKS[:3]
    peer.cuts.append(Cut(1))
    request = signed(offline, kind, request_for(channel, kind, None), credentials)
    async with request.events(backoff=SOON) as events:
        assert events.position is None
        waiting = asyncio.create_task(take(events, 2 if kind == "chaincode" else 1))
        async with asyncio.timeout(5):
            while not peer.open:  # noqa: ASYNC110 - the peer's own counter
                await asyncio.sleep(0.005)
        peer.grow(BLOCKS)
        if kind == "chaincode":
            with pytest.raises(EventsError, match="as scripted") as failure:
                await waiting
        else:
            assert await waiting == [3]
            with pytest.raises(EventsError, match="as scripted") as failure:
                await anext(events)
        assert failure.value.code is StatusCode.UNAVAILABLE
    assert len(peer.asked) + len(peer.sought) == 1


async def test_chaincode_events_that_are_missing_after_a_cut_are_noticed(
    offline: Gateway, channel: Network, peer: EventPeer, credentials: Credentials
) -> None:
    for second in (Cut(2**32, start=3), Cut(2**32, leave_out=1)):
        peer.cuts.extend([Cut(2), second])
        request = signed(offline, "chaincode", request_for(channel, "chaincode"), credentials)
        async with request.events(backoff=SOON) as events:
            assert await take(events, 4) == ["g", "a", "b", "c"]
            with pytest.raises(EventsError, match="without block 1 before it") as failure:
                await anext(events)
            assert failure.value.code is StatusCode.DATA_LOSS


async def test_an_event_that_was_sent_before_and_is_no_more_is_noticed(
    offline: Gateway, channel: Network, peer: EventPeer, credentials: Credentials
) -> None:
    peer.cuts.append(Cut(2))
    request = signed(offline, "chaincode", request_for(channel, "chaincode"), credentials)
    async with request.events(backoff=SOON) as events:
        assert await take(events, 4) == ["g", "a", "b", "c"]
        peer.blocks = chain(["g"], ["a", "b"], [], ["d"])
        with pytest.raises(EventsError, match="without an event that it sent before"):
            await anext(events)


@pytest.mark.parametrize("kind", KINDS)
async def test_bytes_go_there_and_back(
    kind: str, offline: Gateway, channel: Network, credentials: Credentials
) -> None:
    request = request_for(channel, kind)
    assert recreated(offline, kind, request.bytes).bytes == request.bytes
    assert recreated(offline, kind, request.bytes).digest == request.digest
    done = signed(offline, kind, request, credentials)
    assert done.bytes != request.bytes
    assert done.digest == request.digest
    assert recreated(offline, kind, done.bytes).bytes == done.bytes


async def test_the_bytes_are_the_messages_of_fabrics_clients(channel: Network, identity: Identity) -> None:
    chaincode = channel.new_chaincode_events_request(CHAINCODE, checkpoint=Checkpoint(7, "tx"))
    outer = gateway_pb2.SignedChaincodeEventsRequest.FromString(chaincode.bytes)
    assert outer.signature == b""
    inner = gateway_pb2.ChaincodeEventsRequest.FromString(outer.request)
    assert (inner.channel_id, inner.chaincode_id, inner.after_transaction_id) == (CHANNEL, CHAINCODE, "tx")
    assert inner.start_position.specified.number == 7
    assert identity.certificate_pem in inner.identity
    assert chaincode.digest == hashlib.sha256(outer.request).digest()

    block = channel.new_block_events_request()
    envelope = common_pb2.Envelope.FromString(block.bytes)
    assert block.digest == hashlib.sha256(envelope.payload).digest()
    seek = ab_pb2.SeekInfo.FromString(common_pb2.Payload.FromString(envelope.payload).data)
    assert seek.start.WhichOneof("Type") == "next_commit"


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_the_hash_of_the_tls_client_certificate_goes_with_blocks(
    kind: str, peer_address: str, identity: Identity
) -> None:
    async with await connect(
        address=peer_address, identity=identity, tls_client_certificate_hash=b"h" * 32
    ) as gateway:
        request = request_for(gateway.network(CHANNEL), kind)
    payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(request.bytes).payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    assert header.tls_cert_hash == b"h" * 32


@pytest.mark.parametrize("kind", KINDS)
async def test_without_a_signature_and_a_signer_it_says_what_to_do(kind: str, channel: Network) -> None:
    name = {"chaincode": "chaincode", "block": "block", "filtered": "filtered_block"}.get(
        kind, "block_and_private_data"
    )
    words = f"Gateway.new_signed_{name}_events_request"
    with pytest.raises(NoSignerError, match=words):
        await anext(request_for(channel, kind).events())
    with pytest.raises(NoSignerError, match=words):
        await anext(follow(channel, kind))


@pytest.mark.parametrize("kind", KINDS)
async def test_other_bytes_are_refused(kind: str, offline: Gateway, channel: Network) -> None:
    other = request_for(channel, "block" if kind == "chaincode" else "chaincode").bytes
    empty = common_pb2.Envelope(payload=b"").SerializeToString()
    for content in (b"", b"\xff", b"\x00" * 40, other, empty):
        with pytest.raises(SignableError, match="these bytes are not a"):
            recreated(offline, kind, content)
    for flipped in range(0, 40):
        content = bytearray(request_for(channel, kind).bytes)
        content[flipped] ^= 0x55
        try:
            recreated(offline, kind, bytes(content))
        except SignableError:
            continue


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_signature_is_refused(kind: str, offline: Gateway, channel: Network) -> None:
    content = request_for(channel, kind).bytes
    make = {
        "chaincode": offline.new_signed_chaincode_events_request,
        "block": offline.new_signed_block_events_request,
        "filtered": offline.new_signed_filtered_block_events_request,
        "private": offline.new_signed_block_and_private_data_events_request,
    }[kind]
    with pytest.raises(SignableError, match="signature is empty"):
        make(content, b"")


@pytest.mark.parametrize("kind", BLOCK_KINDS)
async def test_a_request_of_another_client_from_the_oldest_block_is_resumed(
    kind: str, offline: Gateway, channel: Network, peer: EventPeer, credentials: Credentials
) -> None:
    envelope = common_pb2.Envelope.FromString(request_for(channel, kind).bytes)
    payload = common_pb2.Payload.FromString(envelope.payload)
    seek = ab_pb2.SeekInfo.FromString(payload.data)
    seek.start.CopyFrom(ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest()))
    payload.data = seek.SerializeToString()
    envelope.payload = payload.SerializeToString()
    request = signed(offline, kind, recreated(offline, kind, envelope.SerializeToString()), credentials)
    peer.cuts.extend([Cut(3), Cut(2, grpc.StatusCode.INTERNAL)])
    async with request.events(backoff=SOON) as events:
        assert await take(events, 5) == [0, 1, 2, 3, 4]
        await nothing_more(events)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_signer_that_gives_an_empty_signature_is_refused(
    kind: str, peer_address: str, identity: Identity, peer: EventPeer
) -> None:
    async def silent(_digest: bytes) -> bytes:
        return b""

    async with await connect(address=peer_address, identity=identity, signer=silent) as gateway:
        for events in (
            follow(gateway.network(CHANNEL), kind),
            request_for(gateway.network(CHANNEL), kind).events(),
        ):
            with pytest.raises(SignableError, match="signature is empty"):
                await anext(events)
    assert not peer.asked
    assert not peer.sought
