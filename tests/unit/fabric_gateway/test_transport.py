"""The gateway's own transport where the flow does not reach: streams that end before they began, waits."""

from __future__ import annotations

import asyncio
import time

import fabric_transport
import grpc
import pytest
from fabric_gateway import ClosedError, ErrorDetail, EventsError, StatusCode
from fabric_gateway._messages import error_details
from fabric_gateway._steps import CHAINCODE_EVENTS, DELIVER
from fabric_gateway._transport import Transport
from fabric_protos.gateway import gateway_pb2
from google.protobuf import any_pb2, wrappers_pb2
from google.rpc import status_pb2

from tests.unit.fabric_gateway.fake_gateway import FakeGateway, serving


def transport(port: int) -> Transport:
    address = f"127.0.0.1:{port}"
    return Transport(fabric_transport.connect(address, fabric_transport.INSECURE), address)


async def test_no_stream_begins_on_a_closed_transport() -> None:
    closed = transport(9)
    await closed.aclose()
    await closed.aclose()
    assert closed.closed
    for stream in (closed.stream(CHAINCODE_EVENTS, b""), closed.deliver(DELIVER, b"")):
        with pytest.raises(ClosedError, match=r"127\.0\.0\.1:9 is closed"):
            await anext(stream)


async def test_a_conversation_with_nobody_is_the_steps_error() -> None:
    one = transport(9)
    with pytest.raises(EventsError, match="nothing listens there") as raised:
        await anext(one.deliver(DELIVER, b"request"))
    assert raised.value.code is StatusCode.UNAVAILABLE
    await one.aclose()


async def test_a_conversation_that_the_peer_does_not_have(fake: FakeGateway) -> None:
    async with serving(fake) as port:
        one = transport(port)
        with pytest.raises(EventsError) as raised:
            async for _ in one.deliver(DELIVER, b"request"):
                pass
        assert raised.value.code is StatusCode.UNIMPLEMENTED
        await one.aclose()


async def test_a_task_cancelled_while_it_opens_a_conversation() -> None:
    """An address that answers nothing: packets to it are dropped by nobody listening and nobody refusing."""
    kept: list[asyncio.StreamWriter] = []  # a writer that nobody holds closes its connection
    silent = await asyncio.start_server(lambda _reader, writer: kept.append(writer), "127.0.0.1", 0)
    async with silent:
        one = transport(silent.sockets[0].getsockname()[1])
        opening = asyncio.create_task(anext(one.deliver(DELIVER, b"request")))  # type: ignore[arg-type]
        await asyncio.sleep(0.1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await one.aclose()
        for writer in kept:
            writer.close()


async def test_a_limit_on_a_stream(fake: FakeGateway) -> None:
    async with serving(fake) as port:
        one = transport(port)
        with pytest.raises(EventsError, match=r"within 0\.1 s") as raised:
            await anext(one.stream(CHAINCODE_EVENTS, b"", timeout=0.1))
        assert raised.value.code is StatusCode.DEADLINE_EXCEEDED
        await one.aclose()


async def test_a_wait_ends_with_its_time_or_with_the_transport() -> None:
    one = transport(9)
    began = time.monotonic()
    await one.wait(0.05)
    assert time.monotonic() - began >= 0.05
    waiting = asyncio.create_task(one.wait(60))
    await asyncio.sleep(0)
    await one.aclose()
    async with asyncio.timeout(5):
        await waiting


def test_details_of_other_kinds_are_left_out() -> None:
    status = status_pb2.Status(code=grpc.StatusCode.ABORTED.value[0])
    for message in (
        wrappers_pb2.StringValue(value="other"),
        gateway_pb2.ErrorDetail(address="peer0:7051", msp_id="Org1MSP", message="no"),
    ):
        packed = any_pb2.Any()
        packed.Pack(message)
        status.details.append(packed)
    assert error_details(status.SerializeToString()) == (ErrorDetail("peer0:7051", "Org1MSP", "no"),)
