from __future__ import annotations

import asyncio
from datetime import timedelta

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from fabric_gateway import (
    ClosedError,
    ConnectionOptionsError,
    EvaluateError,
    Gateway,
    Identity,
    IdentityError,
    Network,
    StatusCode,
    SubmitError,
    connect,
    signers,
)
from fabric_protos.gateway import gateway_pb2_grpc

from tests.forged_creators import forged
from tests.unit.fabric_gateway.fake_gateway import Context, FakeGateway
from tests.unit.fabric_gateway.people import Credentials, self_signed


async def test_refuses_a_key_of_another(identity: Identity) -> None:
    other = signers.ecdsa(self_signed("other").key_pem)
    with pytest.raises(IdentityError, match="does not belong"):
        await connect(address="127.0.0.1:1", identity=identity, signer=other)


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [(-2, -1, "expired at .* enrol again"), (1, 2, "not valid before .* clock")],
)
async def test_refuses_a_certificate_outside_its_dates(starts: int, ends: int, sentence: str) -> None:
    person = self_signed("somebody", starts=timedelta(hours=starts), ends=timedelta(hours=ends))
    with pytest.raises(IdentityError, match=sentence):
        await connect(
            address="127.0.0.1:1",
            identity=Identity("Org1MSP", person.certificate_pem),
            signer=signers.ecdsa(person.key_pem),
        )


async def test_refuses_a_certificate_that_is_none(credentials: Credentials) -> None:
    with pytest.raises(IdentityError, match="not one PEM certificate"):
        await connect(
            address="127.0.0.1:1",
            identity=Identity("Org1MSP", b"no certificate"),
            signer=signers.ecdsa(credentials.key_pem),
        )


@pytest.mark.parametrize(
    "address", ["10.1.2.3:7051", "peer0.example:7051", "localhost.example:7051", "nonsense"]
)
async def test_refuses_to_go_without_tls_to_another_machine(
    address: str, identity: Identity, credentials: Credentials
) -> None:
    with pytest.raises(ConnectionOptionsError, match="without TLS"):
        await connect(address=address, identity=identity, signer=signers.ecdsa(credentials.key_pem))


async def test_refuses_half_a_client_certificate(identity: Identity, credentials: Credentials) -> None:
    with pytest.raises(ConnectionOptionsError, match="belong together"):
        await connect(
            address="127.0.0.1:1",
            identity=identity,
            signer=signers.ecdsa(credentials.key_pem),
            tls_root_pem=credentials.certificate_pem,
            client_certificate_pem=credentials.certificate_pem,
        )


class TlsServer:
    """The fake gateway behind mutual TLS: clients need a certificate of ``client``'s."""

    def __init__(self, fake: FakeGateway, node: Credentials | None = None) -> None:
        self.node, self.client = node or self_signed("peer0.example"), self_signed("client")
        self._server = grpc.aio.server()
        gateway_pb2_grpc.add_GatewayServicer_to_server(fake, self._server)
        self.port = self._server.add_secure_port(
            "127.0.0.1:0",
            grpc.ssl_server_credentials(
                [(self.node.key_pem, self.node.certificate_pem)], self.client.certificate_pem, True
            ),
        )

    async def __aenter__(self) -> TlsServer:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(None)


async def _evaluate(
    server: TlsServer, identity: Identity, credentials: Credentials, **options: object
) -> bytes:
    everything: dict[str, object] = {
        "address": f"127.0.0.1:{server.port}",
        "tls_root_pem": server.node.certificate_pem,
        "server_name": "peer0.example",
        "client_certificate_pem": server.client.certificate_pem,
        "client_key_pem": server.client.key_pem,
    }
    async with await connect(
        identity=identity,
        signer=signers.ecdsa(credentials.key_pem),
        **(everything | options),  # type: ignore[arg-type]
    ) as gateway:
        return await gateway.network("channel1").contract("basic").evaluate_transaction("Read")


async def test_speaks_mutual_tls(fake: FakeGateway, identity: Identity, credentials: Credentials) -> None:
    async with TlsServer(fake) as server:
        assert await _evaluate(server, identity, credentials) == b"result"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"client_certificate_pem": None, "client_key_pem": None}, "may ask for TLS .* client"),
        ({"tls_root_pem": self_signed("other").certificate_pem}, "check tls_root_pem"),
        ({"server_name": "peer9.example"}, "check server_name"),
    ],
    ids=["no client certificate", "wrong root", "wrong name"],
)
async def test_tls_that_does_not_fit_fails_with_a_sentence(
    options: dict[str, object],
    sentence: str,
    fake: FakeGateway,
    identity: Identity,
    credentials: Credentials,
) -> None:
    async with TlsServer(fake) as server:
        with pytest.raises(EvaluateError, match=sentence) as raised:
            await _evaluate(server, identity, credentials, **options)
    assert raised.value.code is StatusCode.UNAVAILABLE
    assert fake.evaluated == []


async def test_a_peer_that_is_down_is_named(identity: Identity, credentials: Credentials) -> None:
    async with await connect(
        address="127.0.0.1:9", identity=identity, signer=signers.ecdsa(credentials.key_pem)
    ) as gateway:
        with pytest.raises(
            EvaluateError, match=r"127\.0\.0\.1:9 cannot be reached: nothing listens"
        ) as raised:
            await gateway.network("channel1").contract("basic").evaluate_transaction("Read")
    assert raised.value.code is StatusCode.UNAVAILABLE
    assert raised.value.transient


async def test_closing_ends_calls_in_flight(gateway: Gateway, network: Network, fake: FakeGateway) -> None:
    reached = asyncio.Event()

    async def hang(_context: Context) -> None:
        reached.set()
        await asyncio.Event().wait()

    fake.on_submit = hang
    call = asyncio.create_task(network.contract("basic").submit_transaction("Create"))
    await reached.wait()
    await gateway.aclose()
    with pytest.raises(SubmitError, match="closed during submit") as raised:
        await call
    assert raised.value.outcome_unknown
    assert raised.value.transaction_id == fake.submitted[0].transaction_id


async def test_a_closed_gateway_sends_nothing(gateway: Gateway, network: Network, fake: FakeGateway) -> None:
    await gateway.aclose()
    await gateway.aclose()
    with pytest.raises(ClosedError, match="connect again"):
        await network.contract("basic").evaluate_transaction("Read")
    assert [event async for event in network.chaincode_events("basic", start_block=0)] == []
    assert fake.evaluated == []


def test_an_identity_with_a_second_certificate_is_nobody() -> None:
    own, other = self_signed("own"), self_signed("other")
    for pem in forged(own.certificate_pem, other.certificate_pem).values():
        with pytest.raises(IdentityError, match="not one PEM certificate"):
            _ = Identity("Org1MSP", pem).certificate


async def test_a_socket_of_this_machine_needs_no_tls(identity: Identity, credentials: Credentials) -> None:
    async with await connect(
        address="unix:/nowhere/peer.sock", identity=identity, signer=signers.ecdsa(credentials.key_pem)
    ) as gateway:
        with pytest.raises(EvaluateError, match=r"unix:/nowhere/peer\.sock") as raised:
            await gateway.network("channel1").contract("basic").evaluate_transaction("Read")
    assert raised.value.code is StatusCode.UNAVAILABLE


def test_pem_around_something_else_is_no_certificate() -> None:
    pem = b"-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"
    with pytest.raises(IdentityError, match=r"not X\.509"):
        _ = Identity("Org1MSP", pem).certificate


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [
        (-3, -1, "TLS certificate has expired; .* clock"),
        (1, 2, "TLS certificate is not valid yet; check this machine's clock"),
    ],
)
async def test_a_peers_certificate_outside_its_dates(
    starts: int, ends: int, sentence: str, fake: FakeGateway, identity: Identity, credentials: Credentials
) -> None:
    server = TlsServer(
        fake, self_signed("peer0.example", starts=timedelta(hours=starts), ends=timedelta(hours=ends))
    )
    async with server:
        with pytest.raises(EvaluateError, match=sentence):
            await _evaluate(server, identity, credentials)
    assert fake.evaluated == []


async def test_a_peer_without_tls_is_named_so(
    address: str, identity: Identity, credentials: Credentials
) -> None:
    async with await connect(
        address=address,
        identity=identity,
        signer=signers.ecdsa(credentials.key_pem),
        tls_root_pem=credentials.certificate_pem,
    ) as gateway:
        with pytest.raises(EvaluateError, match="does not speak TLS"):
            await gateway.network("channel1").contract("basic").evaluate_transaction("Read")


async def test_the_proposal_names_the_tls_client(
    fake: FakeGateway, identity: Identity, credentials: Credentials
) -> None:
    async with TlsServer(fake) as server:
        await _evaluate(server, identity, credentials)
    certificate = x509.load_pem_x509_certificate(server.client.certificate_pem)
    fingerprint = certificate.fingerprint(hashes.SHA256())
    assert fingerprint in fake.evaluated[0].proposed_transaction.proposal_bytes
