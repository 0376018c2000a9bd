"""Several writes or reads in one message, as READY announces it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, Response
from fabric_shim.errors import LedgerError

from tests.protocol.conftest import Behaviour, Serve, Tls
from tests.protocol.mock_peer import ChaincodeMessage, MockPeer, Transaction, dial

COLLECTION = "_implicit_org_AMSP"
MIB = 1024 * 1024
Record = shim.WriteRecord


class Offering(Protocol):
    def __call__(
        self, behaviour: Behaviour, write_batch: int = 1000, get_multiple: int = 1000
    ) -> AbstractAsyncContextManager[MockPeer]: ...


@pytest.fixture
def offering(serve: Serve, tls: Tls) -> Offering:
    """Serve a behaviour to a peer that takes batches of these sizes."""

    @asynccontextmanager
    async def connected(
        behaviour: Behaviour, write_batch: int = 1000, get_multiple: int = 1000
    ) -> AsyncIterator[MockPeer]:
        async with serve(behaviour) as served, dial(served.port, tls.server_ca, tls.peer) as peer:
            await peer.register(write_batch=write_batch, get_multiple=get_multiple)
            yield peer

    return connected


async def expect_batch(tx: Transaction, keys: list[str]) -> None:
    message = await tx.receive()
    assert message.type == ChaincodeMessage.WRITE_BATCH_STATE
    assert [record.key for record in shim.WriteBatchState.FromString(message.payload).rec] == keys
    await tx.answer()


def put_many(count: int, *, size: int = 1) -> Behaviour:
    async def behaviour(stub: ChaincodeStub) -> Response:
        for number in range(count):
            await stub.put_state(f"k{number}", bytes(size))
        return Response.success()

    return behaviour


def names(start: int, end: int) -> list[str]:
    return [f"k{number}" for number in range(start, end)]


async def test_all_kinds_of_writes_in_one_message_in_order(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state("a", b"1")
        await stub.del_state("a")
        await stub.put_state("a", b"2")
        await stub.set_state_validation_parameter("a", b"policy")
        await stub.put_private_data(COLLECTION, "p", b"3")
        await stub.del_private_data(COLLECTION, "p")
        await stub.purge_private_data(COLLECTION, "p")
        await stub.set_private_data_validation_parameter(COLLECTION, "p", b"")
        await stub.put_state("empty", b"")
        # A read between writes sees the committed state and sends nothing but itself.
        assert await stub.get_state("a") == b"committed"
        await stub.put_state("b", b"4")
        return Response.success()

    async with offering(behaviour) as peer:
        tx = await peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="a"))
        await tx.answer(b"committed")
        policy = shim.StateMetadata(metakey="VALIDATION_PARAMETER", value=b"policy")
        none = shim.StateMetadata(metakey="VALIDATION_PARAMETER")
        records = [
            Record(type=Record.PUT_STATE, key="a", value=b"1"),
            Record(type=Record.DEL_STATE, key="a"),
            Record(type=Record.PUT_STATE, key="a", value=b"2"),
            Record(type=Record.PUT_STATE_METADATA, key="a", metadata=policy),
            Record(type=Record.PUT_STATE, collection=COLLECTION, key="p", value=b"3"),
            Record(type=Record.DEL_STATE, collection=COLLECTION, key="p"),
            Record(type=Record.PURGE_PRIVATE_DATA, collection=COLLECTION, key="p"),
            Record(type=Record.PUT_STATE_METADATA, collection=COLLECTION, key="p", metadata=none),
            Record(type=Record.PUT_STATE, key="empty"),
            Record(type=Record.PUT_STATE, key="b", value=b"4"),
        ]
        await tx.expect(ChaincodeMessage.WRITE_BATCH_STATE, shim.WriteBatchState(rec=records))
        await tx.answer()
        response, _ = await tx.completed()
        assert response.status == 200


async def test_writes_are_cut_at_the_announced_size(offering: Offering) -> None:
    async with offering(put_many(2500)) as peer:
        tx = await peer.begin("f")
        for start, end in ((0, 1000), (1000, 2000), (2000, 2500)):
            await expect_batch(tx, names(start, end))
        await tx.completed()


async def test_a_full_batch_is_not_followed_by_an_empty_one(offering: Offering) -> None:
    async with offering(put_many(200), write_batch=100) as peer:
        tx = await peer.begin("f")
        await expect_batch(tx, names(0, 100))
        await expect_batch(tx, names(100, 200))
        await tx.completed()


async def test_announced_sizes_below_a_hundred_count_as_a_hundred(offering: Offering) -> None:
    async with offering(put_many(101), write_batch=2) as peer:
        tx = await peer.begin("f")
        await expect_batch(tx, names(0, 100))
        await expect_batch(tx, names(100, 101))
        await tx.completed()


async def test_large_values_are_cut_by_bytes(offering: Offering) -> None:
    async with offering(put_many(6, size=3 * MIB // 2)) as peer:
        tx = await peer.begin("f")
        for start in (0, 2, 4):
            await expect_batch(tx, names(start, start + 2))
        await tx.completed()
    async with offering(put_many(2, size=5 * MIB)) as peer:
        tx = await peer.begin("f")
        await expect_batch(tx, ["k0"])
        await expect_batch(tx, ["k1"])
        await tx.completed()


async def test_large_values_are_not_held_back_for_long(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        for number in range(4):
            await stub.put_state(f"key-{number}", bytes(4 * MIB))
        await stub.get_state("in between")
        return Response.success()

    async with offering(behaviour) as peer:
        tx = await peer.begin("f")
        for number in range(4):
            await expect_batch(tx, [f"key-{number}"])
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="in between"))
        await tx.answer()
        await tx.completed()


async def test_a_held_batch_goes_when_it_is_finished(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        stub.start_write_batch()
        for number in range(150):
            await stub.put_state(f"k{number}", b"v")
        assert (await stub.invoke_chaincode("other", [b"f"])).status == 200
        await stub.finish_write_batch()
        await stub.put_state("k150", b"v")
        await stub.finish_write_batch()
        await stub.finish_write_batch()
        assert await stub.get_state("k") is None
        return Response.success()

    async with offering(behaviour, write_batch=100) as peer:
        tx = await peer.begin("f")
        assert (await tx.receive()).type == ChaincodeMessage.INVOKE_CHAINCODE
        called = ChaincodeMessage(type=ChaincodeMessage.COMPLETED, payload=b"\x08\xc8\x01")
        await tx.answer(called)
        await expect_batch(tx, names(0, 100))
        await expect_batch(tx, names(100, 150))
        await expect_batch(tx, names(150, 151))
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await tx.answer()
        await tx.completed()


async def test_a_held_batch_goes_at_the_end_if_it_is_not_finished(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        stub.start_write_batch()
        return await put_many(150)(stub)

    async with offering(behaviour, write_batch=100) as peer:
        tx = await peer.begin("f")
        await expect_batch(tx, names(0, 100))
        await expect_batch(tx, names(100, 150))
        await tx.completed()


@pytest.mark.parametrize("query", ["private range", "private query", "page", "query page", "call"])
async def test_writes_go_before_what_the_peer_orders_with_them(offering: Offering, query: str) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state("k0", b"v")
        match query:
            case "private range":
                assert [kv async for kv in stub.get_private_data_by_range(COLLECTION, "", "")] == []
            case "private query":
                assert [kv async for kv in stub.get_private_data_query_result(COLLECTION, "{}")] == []
            case "page":
                await stub.get_state_by_range_with_pagination("", "", 5)
            case "query page":
                await stub.get_query_result_with_pagination("{}", 5)
            case _:
                await stub.invoke_chaincode("other", [b"f"])
        return Response.success()

    async with offering(behaviour) as peer:
        tx = await peer.begin("f")
        await expect_batch(tx, ["k0"])
        assert (await tx.receive()).type in (
            ChaincodeMessage.GET_STATE_BY_RANGE,
            ChaincodeMessage.GET_QUERY_RESULT,
            ChaincodeMessage.INVOKE_CHAINCODE,
        )
        await tx.answer()
        response, _ = await tx.completed()
        assert response.status == 200


@pytest.mark.parametrize("write_batch", [1, 1000])
async def test_a_refused_write_fails_the_transaction(offering: Offering, write_batch: int) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state("k0", b"v")
        return Response.success(b"done")

    async with offering(behaviour, write_batch=write_batch) as peer:
        tx = await peer.begin("f")
        await tx.receive()
        await tx.answer_error("the peer says no")
        response, _ = await tx.completed()
        assert (response.status, response.message, response.payload) == (500, "internal error", b"")


async def test_a_refused_write_cannot_be_caught_away(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state("k0", b"v")
        with pytest.raises(LedgerError, match="the peer says no"):
            await stub.finish_write_batch()
        await stub.put_state("k1", b"v")
        return Response.success(b"done")

    async with offering(behaviour) as peer:
        tx = await peer.begin("f")
        await tx.receive()
        await tx.answer_error("the peer says no")
        response, _ = await tx.completed()
        assert response.status == 500


async def test_a_refused_transaction_sends_no_writes(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state("k0", b"v")
        return Response.error("no")

    async with offering(behaviour) as peer:
        response, _ = await (await peer.begin("f")).completed()
        assert (response.status, response.message) == (500, "no")


def read_many(*keys: str, collection: str = "") -> Behaviour:
    async def behaviour(stub: ChaincodeStub) -> Response:
        if collection:
            found = await stub.get_multiple_private_data(collection, *keys)
        else:
            found = await stub.get_multiple_states(*keys)
        return Response.success(repr(found).encode())

    return behaviour


@pytest.mark.parametrize("collection", ["", COLLECTION])
async def test_many_reads_in_one_message(offering: Offering, collection: str) -> None:
    async with offering(read_many("b", "a", "none", "b", collection=collection)) as peer:
        tx = await peer.begin("f")
        asked = shim.GetStateMultiple(keys=["b", "a", "none", "b"], collection=collection)
        await tx.expect(ChaincodeMessage.GET_STATE_MULTIPLE, asked)
        await tx.answer(shim.GetStateMultipleResult(values=[b"vb", b"va", b"", b"vb"]))
        response, _ = await tx.completed()
        assert response.payload == b"[b'vb', b'va', None, b'vb']"


@pytest.mark.parametrize("collection", ["", COLLECTION])
async def test_many_reads_one_by_one(offering: Offering, collection: str) -> None:
    async with offering(read_many("a", "none", collection=collection), get_multiple=1) as peer:
        tx = await peer.begin("f")
        for key, value in (("a", b"va"), ("none", b"")):
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key=key, collection=collection))
            await tx.answer(value)
        response, _ = await tx.completed()
        assert response.payload == b"[b'va', None]"


async def test_no_keys_need_no_message(offering: Offering) -> None:
    async with offering(read_many()) as peer:
        response, _ = await (await peer.begin("f")).completed()
        assert response.payload == b"[]"


async def test_reads_are_cut_at_the_announced_size(offering: Offering) -> None:
    async with offering(read_many(*names(0, 250)), get_multiple=100) as peer:
        tx = await peer.begin("f")
        for start, end in ((0, 100), (100, 200), (200, 250)):
            asked = shim.GetStateMultiple(keys=names(start, end))
            await tx.expect(ChaincodeMessage.GET_STATE_MULTIPLE, asked)
            await tx.answer(shim.GetStateMultipleResult(values=[key.encode() for key in names(start, end)]))
        response, _ = await tx.completed()
        assert response.payload == repr([key.encode() for key in names(0, 250)]).encode()


async def test_large_answers_make_the_next_ones_smaller(offering: Offering) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        return Response.success(str(len(await stub.get_multiple_states(*names(0, 150)))).encode())

    async with offering(behaviour, get_multiple=100) as peer:
        tx = await peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE_MULTIPLE, shim.GetStateMultiple(keys=names(0, 100)))
        await tx.answer(shim.GetStateMultipleResult(values=[bytes(MIB // 5)] * 100))
        asked, start = 0, 100
        while start < 150:
            message = await tx.receive()
            keys = shim.GetStateMultiple.FromString(message.payload).keys
            assert list(keys) == names(start, start + len(keys))
            assert len(keys) <= 40
            await tx.answer(shim.GetStateMultipleResult(values=[bytes(MIB // 5)] * len(keys)))
            asked, start = asked + 1, start + len(keys)
        assert asked == 2
        response, _ = await tx.completed()
        assert response.payload == b"150"


@pytest.mark.parametrize("values", [[], [b"v"], [b"v", b"v", b"v"]])
async def test_an_answer_of_another_length_is_an_error_not_missing_keys(
    offering: Offering,
    values: list[bytes],
) -> None:
    """A peer whose database fails sends an empty answer instead of an error."""
    async with offering(read_many("a", "b")) as peer:
        tx = await peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE_MULTIPLE, shim.GetStateMultiple(keys=["a", "b"]))
        await tx.answer(shim.GetStateMultipleResult(values=values))
        response, _ = await tx.completed()
        assert (response.status, response.message) == (500, "internal error")


async def test_an_unreadable_offer_offers_nothing(serve: Serve, tls: Tls) -> None:
    async with (
        serve(put_many(2)) as served,
        dial(served.port, tls.server_ca, tls.peer) as peer,
    ):
        assert (await peer.receive()).type == ChaincodeMessage.REGISTER
        await peer.send(ChaincodeMessage.REGISTERED)
        await peer.send(ChaincodeMessage.READY, payload=b"\xff\xff")
        tx = await peer.begin("f")
        for key in ("k0", "k1"):
            await tx.expect(ChaincodeMessage.PUT_STATE, shim.PutState(key=key, value=b"\x00"))
            await tx.answer()
        await tx.completed()


async def test_what_fabric_announces_is_understood(serve: Serve, tls: Tls) -> None:
    """The payload as Go marshals it (fabric-protos-go-apiv2 v0.3.7): batches of 1000, reads of 500."""
    async with (
        serve(put_many(2)) as served,
        dial(served.port, tls.server_ca, tls.peer) as peer,
    ):
        assert (await peer.receive()).type == ChaincodeMessage.REGISTER
        await peer.send(ChaincodeMessage.REGISTERED)
        await peer.send(ChaincodeMessage.READY, payload=bytes.fromhex("080110e807180120f403"))
        tx = await peer.begin("f")
        await expect_batch(tx, ["k0", "k1"])
        await tx.completed()
