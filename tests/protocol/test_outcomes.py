"""How a transaction can end."""

from __future__ import annotations

import asyncio
import logging

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeError, ChaincodeStub, LedgerError, Response
from fabric_shim.blocking import BlockingStub
from fabric_shim.observer import Call, Ended, Observers

from tests.protocol.conftest import Plain, Scripted, Serve
from tests.protocol.mock_peer import ChaincodeMessage
from tests.waiting import eventually

NEEDLE = "Ada-Lovelace-C50.9"


async def test_event_goes_with_the_response(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        stub.set_event("first", b"x")
        stub.set_event("record.published", b"payload")
        return Response.success()

    async with serve(behaviour) as served:
        _, message = await (await served.peer.begin("f")).completed()
        event = message.chaincode_event
        assert (event.event_name, event.payload) == ("record.published", b"payload")


async def test_chaincode_error_crosses_the_wire(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        raise ChaincodeError("There is a record with other content.", code="record-exists")

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("f")).completed()
        assert response.status == 500
        assert response.message == "record-exists: There is a record with other content."


@pytest.mark.parametrize("raised", [ValueError(NEEDLE), KeyError(NEEDLE), AssertionError(NEEDLE)])
async def test_other_errors_are_masked(
    serve: Serve, caplog: pytest.LogCaptureFixture, raised: Exception
) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state(NEEDLE, NEEDLE.encode())
        await stub.get_state(NEEDLE)
        raise raised

    with caplog.at_level(logging.DEBUG):
        async with serve(behaviour) as served:
            tx = await served.peer.begin(NEEDLE, NEEDLE, transient={NEEDLE: NEEDLE.encode()})
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key=NEEDLE))
            await tx.answer(NEEDLE.encode())
            response, _ = await tx.completed()

    assert (response.status, response.message, response.payload) == (500, "internal error", b"")
    assert type(raised).__name__ in caplog.text
    assert tx.tx_id in caplog.text
    assert "test_outcomes.py" in caplog.text
    assert NEEDLE not in caplog.text


async def test_refused_ledger_request(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caught: list[LedgerError] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        try:
            await stub.get_private_data("_implicit_org_BMSP", "k")
        except LedgerError as error:
            caught.append(error)
        await stub.put_state("k", b"v")
        return Response.success()

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        asked = shim.GetState(key="k", collection="_implicit_org_BMSP")
        await tx.expect(ChaincodeMessage.GET_STATE, asked)
        await tx.answer_error("private data matching public hash version is not available")
        await tx.expect(ChaincodeMessage.PUT_STATE, shim.PutState(key="k", value=b"v"))
        await tx.answer_error(f"GET_STATE failed: {NEEDLE}")
        response, _ = await tx.completed()

    assert str(caught[0]) == "private data matching public hash version is not available"
    assert caught[0].tx_id == tx.tx_id
    assert response.message == "internal error"
    assert NEEDLE not in caplog.text


async def test_init(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        if stub.get_args()[0] == b"bad":
            return Response.error("refused")
        return Response.success(b"initialised")

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("good", init=True)).completed()
        assert response.payload == b"initialised"
        # A refused INIT is an ERROR, a refused TRANSACTION a response (fabric-chaincode-go, handleInit).
        assert await (await served.peer.begin("bad", init=True)).failed() == "refused"
        response, _ = await (await served.peer.begin("bad")).completed()
        assert (response.status, response.message) == (500, "refused")


async def test_result_without_wire_form_ends_its_transaction_only(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        if stub.get_args()[0] == b"bad":
            return Response(2**40)
        return Response.success(b"fine")

    async with serve(behaviour) as served:
        assert await (await served.peer.begin("bad")).failed() == "internal error"
        response, _ = await (await served.peer.begin("good")).completed()
        assert response.payload == b"fine"


@pytest.mark.parametrize(
    "raised",
    [
        SystemExit,
        KeyboardInterrupt,
        GeneratorExit,
        asyncio.CancelledError,
        StopIteration,
        StopAsyncIteration,
        RecursionError,
        MemoryError,
        BaseException,
    ],
)
@pytest.mark.parametrize("kind", [Scripted, Plain])
async def test_nothing_that_is_raised_ends_more_than_its_transaction(
    serve: Serve, raised: type[BaseException], kind: type[Scripted | Plain]
) -> None:
    async def coroutine(stub: ChaincodeStub) -> Response:
        if stub.get_args()[0] == b"raise":
            raise raised
        return Response.success(await stub.get_state("k") or b"")

    def plain(stub: BlockingStub) -> Response:
        if stub.get_args()[0] == b"raise":
            raise raised
        return Response.success(stub.get_state("k") or b"")

    async with serve(Scripted(coroutine) if kind is Scripted else Plain(plain)) as served:
        running = await served.peer.begin("read")
        await running.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        response, _ = await (await served.peer.begin("raise")).completed()
        assert (response.status, response.message) == (500, "internal error")
        await running.answer(b"v")
        response, _ = await running.completed()
        assert response.payload == b"v"


async def test_endless_recursion_ends_its_transaction_only(serve: Serve) -> None:
    def deeper() -> None:
        deeper()

    async def behaviour(stub: ChaincodeStub) -> Response:
        if stub.get_args()[0] == b"deep":
            deeper()
        return Response.success()

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("deep")).completed()
        assert response.message == "internal error"
        response, _ = await (await served.peer.begin("flat")).completed()
        assert response.status == 200


async def test_writes_that_the_peer_refuses_at_the_end_fail_the_transaction(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        await stub.put_state("k", b"v")
        return Response.success(b"done")

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.PUT_STATE, shim.PutState(key="k", value=b"v"))
        await tx.answer_error("no")
        response, _ = await tx.completed()
        assert (response.status, response.message, response.payload) == (500, "internal error", b"")


async def test_an_error_without_a_code_crosses_the_wire_alone(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        raise ChaincodeError("the asset does not exist", code="")

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("f")).completed()
        assert response.message == "the asset does not exist"


class _Told(Observers):
    """Notes what observers are told."""

    def __init__(self) -> None:
        super().__init__()
        self.open_streams = 0
        self.began: list[Call] = []
        self.ended: list[tuple[Call, Ended]] = []

    def stream_opened(self) -> None:
        self.open_streams += 1

    def stream_closed(self) -> None:
        self.open_streams -= 1

    def transaction_began(self, call: Call) -> None:
        self.began.append(call)

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        self.ended.append((call, ended))


async def test_observers_are_told_of_every_transaction(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        match stub.get_args()[0]:
            case b"refuse":
                raise ChaincodeError("No.", code="nope")
            case b"fail":
                raise ValueError
        await stub.get_state("k")
        return Response.success()

    told = _Told()
    async with serve(behaviour, observer=told) as served:
        await (await served.peer.begin("refuse")).completed()
        await (await served.peer.begin("fail")).completed()
        await served.peer.send(ChaincodeMessage.TRANSACTION, tx_id="unreadable", channel="ch")
        await served.peer.receive()
        good = await served.peer.begin("read")
        await good.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await good.answer()
        await good.completed()
        lost = await served.peer.begin("read")
        await lost.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        assert told.open_streams == 1
        served.peer.hang_up()
        await eventually(lambda: told.open_streams == 0)
    assert [(ended.outcome, ended.code, ended.messages) for _, ended in told.ended] == [
        ("refused", "nope", 2),
        ("failed", "internal", 2),
        ("failed", "protocol", 2),
        ("endorsed", "", 4),
        ("failed", "stream-ended", 2),
    ]
    assert [id(call) for call, _ in told.ended] == [id(call) for call in told.began]
    assert {call.function for call in told.began} == {"invoke", "unknown"}
    assert all(0 <= ended.seconds < 10 for _, ended in told.ended)
