"""How a transaction can end."""

from __future__ import annotations

import logging

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeError, ChaincodeStub, LedgerError, Response

from tests.protocol.conftest import Serve
from tests.protocol.mock_peer import ChaincodeMessage

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
        raise raised

    with caplog.at_level(logging.DEBUG):
        async with serve(behaviour) as served:
            tx = await served.peer.begin(NEEDLE, NEEDLE, transient={NEEDLE: NEEDLE.encode()})
            put = shim.PutState(key=NEEDLE, value=NEEDLE.encode())
            await tx.expect(ChaincodeMessage.PUT_STATE, put)
            await tx.answer()
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
