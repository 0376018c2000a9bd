"""A peer that sends nonsense, goes away, or may not come in."""

from __future__ import annotations

import threading

import grpc
import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeServer, ChaincodeStub, LedgerError, Response, TlsConfig
from fabric_shim.errors import ConfigurationError

from tests.protocol.certificates import Authority
from tests.protocol.conftest import CHAINCODE_ID, Scripted, Serve, Tls
from tests.protocol.mock_peer import CALLER, ChaincodeMessage, Transaction, dial, signed_proposal
from tests.waiting import eventually


async def _read_k(stub: ChaincodeStub) -> Response:
    return Response.success(await stub.get_state("k") or b"")


async def _try_more(stub: ChaincodeStub, ended: list[str]) -> None:
    try:
        await stub.get_state("more")
    except LedgerError as error:
        ended.append(error.code)


async def _waiting(tx: Transaction) -> None:
    await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff",
        b"",
        ChaincodeMessage(type=ChaincodeMessage.RESPONSE, txid="unknown").SerializeToString(),
        ChaincodeMessage(type=ChaincodeMessage.READY).SerializeToString(),
        ChaincodeMessage(type=99).SerializeToString(),  # type: ignore[arg-type]
    ],
    ids=["garbage", "empty", "stray answer", "second ready", "unknown type"],
)
async def test_nonsense_leaves_running_transactions_alone(serve: Serve, frame: bytes) -> None:
    async with serve(_read_k) as served:
        tx = await served.peer.begin("f")
        await _waiting(tx)
        await served.peer.send_raw(frame)
        await served.peer.expect_silence()
        await tx.answer(b"v")
        response, _ = await tx.completed()
        assert response.payload == b"v"


async def test_malformed_transactions_end_themselves(serve: Serve) -> None:
    async with serve(_read_k) as served:
        running = await served.peer.begin("f")
        await _waiting(running)
        good = signed_proposal("t", b"n", CALLER, {})
        garbage, empty = type(good)(proposal_bytes=b"\xff"), type(good)()
        for number, proposal in enumerate((None, garbage, empty)):
            bad = Transaction(served.peer, f"bad{number}")
            message = ChaincodeMessage(
                type=ChaincodeMessage.TRANSACTION, txid=bad.tx_id, channel_id=bad.channel, proposal=proposal
            )
            await served.peer.send_raw(message.SerializeToString())
            assert await bad.failed()
        bad = Transaction(served.peer, "bad payload")
        message = ChaincodeMessage(
            type=ChaincodeMessage.TRANSACTION,
            txid=bad.tx_id,
            channel_id=bad.channel,
            payload=b"\xff",
            proposal=good,
        )
        await served.peer.send_raw(message.SerializeToString())
        assert "ChaincodeInput" in await bad.failed()
        await running.answer(b"v")
        response, _ = await running.completed()
        assert response.payload == b"v"


async def test_unreadable_query_result_ends_its_transaction(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        return Response.success(b"".join([kv.value async for kv in stub.get_state_by_range("", "")]))

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.expect(ChaincodeMessage.GET_STATE_BY_RANGE, shim.GetStateByRange(startKey="\x01"))
        await tx.answer(b"\xff\xff")
        response, _ = await tx.completed()
        assert (response.status, response.message) == (500, "internal error")


async def test_an_answer_nobody_asked_for_is_dropped(serve: Serve) -> None:
    go_on = threading.Event()

    async def behaviour(stub: ChaincodeStub) -> Response:
        go_on.wait(5)
        return await _read_k(stub)

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        await tx.answer(b"early")
        await served.peer.expect_silence()
        go_on.set()
        await _waiting(tx)
        await tx.answer(b"v")
        response, _ = await tx.completed()
        assert response.payload == b"v"


async def test_second_start_of_a_running_transaction_is_dropped(serve: Serve) -> None:
    async with serve(_read_k) as served:
        tx = await served.peer.begin("f")
        await _waiting(tx)
        again = ChaincodeMessage(type=ChaincodeMessage.TRANSACTION, txid=tx.tx_id, channel_id=tx.channel)
        await served.peer.send_raw(again.SerializeToString())
        await served.peer.expect_silence()
        await tx.answer(b"v")
        response, _ = await tx.completed()
        assert response.payload == b"v"


async def test_transactions_end_with_their_stream(serve: Serve, tls: Tls) -> None:
    ended: list[str] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        response = None
        try:
            response = await _read_k(stub)
        finally:
            if response is None:
                await _try_more(stub, ended)
        return response

    async with serve(behaviour) as served:
        await _waiting(await served.peer.begin("f"))
        served.peer.hang_up()
        await eventually(lambda: ended == ["ledger"])
        # The peer comes back, as it does at the next invocation.
        async with dial(served.port, tls.server_ca, tls.peer) as peer:
            await peer.register()
            tx = await peer.begin("f")
            await _waiting(tx)
            await tx.answer(b"v")
            await tx.completed()


@pytest.mark.parametrize("certificate", ["none", "of another CA"])
async def test_peers_without_our_certificate_are_refused(serve: Serve, tls: Tls, certificate: str) -> None:
    client = None if certificate == "none" else Authority("other ca").issue("peer0")
    async with serve(_read_k) as served:
        async with dial(served.port, tls.server_ca, client) as stranger:
            with pytest.raises((grpc.aio.AioRpcError, AssertionError)):
                await stranger.receive()
        # and those with it are still served
        await served.peer.expect_silence()


async def test_configuration_errors_name_the_setting(serve: Serve, tls: Tls) -> None:
    chaincode = Scripted(_read_k)
    with pytest.raises(ConfigurationError, match="chaincode id"):
        ChaincodeServer(chaincode, "", "127.0.0.1:0", tls.config)
    missing = TlsConfig(tls.config.certificate.with_name("missing.crt"), tls.config.key, tls.config.client_ca)
    with pytest.raises(ConfigurationError, match=r"missing\.crt"):
        await ChaincodeServer(chaincode, CHAINCODE_ID, "127.0.0.1:0", missing).start()
    broken = TlsConfig(tls.config.certificate, tls.config.client_ca, tls.config.client_ca)
    with pytest.raises(ConfigurationError, match="no readable, unencrypted PEM private key"):
        await ChaincodeServer(chaincode, CHAINCODE_ID, "127.0.0.1:0", broken).start()
    async with serve(_read_k) as served:
        taken = f"127.0.0.1:{served.port}"
        with pytest.raises(ConfigurationError, match=str(served.port)):
            await ChaincodeServer(chaincode, CHAINCODE_ID, taken, tls.config).start()


@pytest.mark.parametrize("registered", [False, True])
async def test_a_refused_registration_ends_the_stream(
    serve: Serve, tls: Tls, caplog: pytest.LogCaptureFixture, registered: bool
) -> None:
    async with serve(_read_k) as served:
        async with dial(served.port, tls.server_ca, tls.peer) as peer:
            assert (await peer.receive()).type == ChaincodeMessage.REGISTER
            if registered:
                await peer.send(ChaincodeMessage.REGISTERED)
            await peer.send(ChaincodeMessage.ERROR, payload=b"who are you?")
            await peer.expect_end()
        assert f"refused the registration of {CHAINCODE_ID}" in caplog.text
        assert "who are you" not in caplog.text
        await served.peer.expect_silence()


async def test_transactions_before_ready_are_refused(serve: Serve, tls: Tls) -> None:
    async with serve(_read_k) as served, dial(served.port, tls.server_ca, tls.peer) as peer:
        await peer.receive()
        assert "cannot handle" in await (await peer.begin("f")).failed()
        await peer.send(ChaincodeMessage.REGISTERED)
        assert "cannot handle" in await (await peer.begin("f")).failed()
        await peer.send(ChaincodeMessage.READY)
        await _waiting(await peer.begin("f"))


async def test_an_unknown_message_ends_the_transaction_that_it_names(serve: Serve) -> None:
    async with serve(_read_k) as served:
        tx, other = await served.peer.begin("f"), await served.peer.begin("g")
        await _waiting(tx)
        await _waiting(other)
        await served.peer.send(99, tx_id=tx.tx_id, channel=tx.channel)
        assert "cannot handle" in await tx.failed()
        await tx.answer(b"v")
        await served.peer.expect_silence()
        await other.answer(b"v")
        response, _ = await other.completed()
        assert response.payload == b"v"
