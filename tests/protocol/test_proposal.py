"""What reaches the contract of the client's proposal."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_protos.peer import chaincode_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import ChaincodeStub, ClientIdentity, Response

from tests.protocol.conftest import Serve
from tests.protocol.mock_peer import CALLER, CHANNEL, TIMESTAMP, Transaction, signed_proposal


async def test_stub_shows_the_proposal(serve: Serve) -> None:
    seen: list[ChaincodeStub] = []

    async def behaviour(stub: ChaincodeStub) -> Response:
        seen.append(stub)
        return Response(200, "fine", b"result")

    async with serve(behaviour) as served:
        tx = await served.peer.begin("publish", "α", b"\xff", transient={"in": b"secret"})
        response, message = await tx.completed()

    assert (response.status, response.message, response.payload) == (200, "fine", b"result")
    assert not message.HasField("chaincode_event")
    (stub,) = seen
    assert stub.get_tx_id() == tx.tx_id
    assert stub.get_channel_id() == "ch"
    assert stub.get_args() == (b"publish", "α".encode(), b"\xff")
    assert dict(stub.get_transient()) == {"in": b"secret"}
    assert stub.get_creator() == CALLER.creator
    assert stub.get_tx_timestamp() == TIMESTAMP
    proposal = stub.get_signed_proposal()
    assert proposal is not None
    key = x509.load_pem_x509_certificate(CALLER.certificate_pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(proposal.signature, proposal.proposal_bytes, ec.ECDSA(hashes.SHA256()))
    assert CALLER.creator in proposal.proposal_bytes
    identity = ClientIdentity(stub)
    assert identity.msp_id == "AMSP"
    assert identity.get_attribute_value("care.role") == "auditor"


async def test_binding_is_nonce_creator_epoch(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        return Response.success(stub.get_binding())

    async with serve(behaviour) as served:
        tx = await served.peer.begin("f")
        response, _ = await tx.completed()

    # The transaction id is SHA-256(nonce ‖ creator), so the nonce is found by counting.
    nonce = next(
        nonce
        for count in range(1, 10_000)
        if hashlib.sha256((nonce := count.to_bytes(24, "big")) + CALLER.creator).hexdigest() == tx.tx_id
    )
    assert response.payload == hashlib.sha256(nonce + CALLER.creator + bytes(8)).digest()


async def test_function_and_parameters(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        function, parameters = stub.get_function_and_parameters()
        return Response.success(f"{function}|{parameters}".encode())

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin("f", "a", "b")).completed()
        assert response.payload == b"f|['a', 'b']"
        response, _ = await (await served.peer.begin()).completed()
        assert response.payload == b"|[]"


async def test_arguments_joined_and_decorations(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        decorations = stub.get_decorations()
        return Response.success(stub.get_args_slice() + b"|" + decorations["seen by"] + decorations["empty"])

    async with serve(behaviour) as served:
        call = chaincode_pb2.ChaincodeInput(
            args=[b"f", b"", b"\xff"], decorations={"seen by": b"a decorator", "empty": b""}
        )
        message = shim.ChaincodeMessage(
            type=shim.ChaincodeMessage.TRANSACTION,
            payload=call.SerializeToString(),
            txid="t1",
            channel_id=CHANNEL,
            proposal=signed_proposal("t1", b"n", CALLER, {}),
        )
        await served.peer.send_raw(message.SerializeToString())
        response, _ = await Transaction(served.peer, "t1").completed()
        assert response.payload == b"f\xff|a decorator"


async def test_no_arguments_transient_fields_or_decorations(serve: Serve) -> None:
    async def behaviour(stub: ChaincodeStub) -> Response:
        assert (dict(stub.get_transient()), dict(stub.get_decorations())) == ({}, {})
        return Response.success(stub.get_args_slice())

    async with serve(behaviour) as served:
        response, _ = await (await served.peer.begin()).completed()
        assert (response.status, response.payload) == (200, b"")
