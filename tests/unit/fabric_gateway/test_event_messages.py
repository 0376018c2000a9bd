"""Hostile messages of event streams: each is an event or one of the package's errors, nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fabric_gateway import ChaincodeEvent, FabricGatewayError, ResponseError
from fabric_gateway import _events_messages as messages
from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import events_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.fabric_gateway.event_peer import CHAINCODE, chain, event, filtered, private_data

BLOCK = chain([], ["a", "b"])[1]


def _read_chaincode(content: bytes) -> object:
    return messages.chaincode_events(content)


def _read_block(content: bytes) -> object:
    return messages.delivered_block(content).decode()


def _read_filtered(content: bytes) -> object:
    return messages.delivered_filtered_block(content).decode()


def _read_private(content: bytes) -> object:
    return messages.delivered_block_and_private_data(content).decode()


READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "chaincode": (
        _read_chaincode,
        gateway_pb2.ChaincodeEventsResponse(
            block_number=1, events=[event("a"), event("b")]
        ).SerializeToString(),
    ),
    "block": (_read_block, events_pb2.DeliverResponse(block=BLOCK).SerializeToString()),
    "filtered": (
        _read_filtered,
        events_pb2.DeliverResponse(filtered_block=filtered(BLOCK)).SerializeToString(),
    ),
    "private": (
        _read_private,
        events_pb2.DeliverResponse(block_and_private_data=private_data(BLOCK)).SerializeToString(),
    ),
}


@pytest.mark.parametrize("kind", READERS)
def test_every_byte_flipped_gives_an_event_or_an_error_of_the_package(kind: str) -> None:
    read, good = READERS[kind]
    read(good)
    refused = 0
    for place in range(len(good)):
        for mask in (0x01, 0x08, 0x80, 0xFF):
            content = bytearray(good)
            content[place] ^= mask
            try:
                read(bytes(content))
            except FabricGatewayError:
                refused += 1
    assert refused > 10


@pytest.mark.parametrize("kind", READERS)
def test_every_message_cut_short_gives_an_event_or_an_error_of_the_package(kind: str) -> None:
    read, good = READERS[kind]
    for length in range(len(good)):
        try:
            read(good[:length])
        except FabricGatewayError:
            continue


@pytest.mark.parametrize("kind", READERS)
@settings(deadline=None)
@given(content=st.binary(max_size=80))
def test_any_bytes_give_an_event_or_an_error_of_the_package(kind: str, content: bytes) -> None:
    try:
        READERS[kind][0](content)
    except FabricGatewayError:
        return


@pytest.mark.parametrize("kind", READERS)
def test_bytes_that_are_no_message_are_refused(kind: str) -> None:
    with pytest.raises(ResponseError, match="check that the address is a Fabric peer"):
        READERS[kind][0](b"\xff\xff")


def _filtered_with_code(varint: bytes) -> bytes:
    """Enumerations are open on the wire: a transaction whose code is any number."""
    transaction = b"\x0a\x01a\x18" + varint
    block = b"\x10\x01\x22" + bytes([len(transaction)]) + transaction
    return b"\x1a" + bytes([len(block)]) + block


@pytest.mark.parametrize(
    ("varint", "name"),
    [(b"\x4d", "CODE_77"), (b"\x0b", "MVCC_READ_CONFLICT"), (b"\xff\x01", "INVALID_OTHER_REASON")],
)
def test_validation_codes_are_named(varint: bytes, name: str) -> None:
    decoded = messages.delivered_filtered_block(_filtered_with_code(varint)).decode()
    assert decoded.transactions[0].validation_code.name == name
    assert not decoded.transactions[0].is_valid


def test_a_negative_validation_code_is_refused() -> None:
    with pytest.raises(ResponseError, match="-1 as a validation code"):
        messages.delivered_filtered_block(_filtered_with_code(b"\xff" * 9 + b"\x01")).decode()


def test_types_of_later_releases_are_shown_by_their_number() -> None:
    block = events_pb2.FilteredBlock(
        number=1, filtered_transactions=[events_pb2.FilteredTransaction(txid="a")]
    )
    block.filtered_transactions[0].type = common_pb2.CONFIG
    content = events_pb2.DeliverResponse(filtered_block=block).SerializeToString()
    assert messages.delivered_filtered_block(content).decode().transactions[0].type == "CONFIG"
    later = content.replace(b"a\x10\x01", b"a\x10\x63")
    assert messages.delivered_filtered_block(later).decode().transactions[0].type == "TYPE_99"


def test_a_chaincode_event_shows_no_payload_in_its_repr() -> None:
    assert "secret" not in repr(ChaincodeEvent(1, "a", CHAINCODE, "created", b"secret"))
