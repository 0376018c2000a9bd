"""What a member with valid certificates could do with other software than ours."""

from __future__ import annotations

import asyncio
import json
import secrets
from hashlib import sha256
from pathlib import Path

import grpc
import pytest
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.sdk import CaRefusedError, CertificateAuthority, Enrollment
from carechannel.sdk.admin import NodeUnreachableError, Participation
from fabric_gateway import CommitError, EndorseError, EvaluateError, connect, signers
from fabric_gateway import Identity as GatewayIdentity
from fabric_network import topology
from fabric_network.paths import Layout
from fabric_protos.common import common_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import events_pb2

from tests.forged_creators import forged
from tests.scenarios.conftest import CHANNEL, Network
from tests.scenarios.people import CUSTODIAN, Patient, new_patient, observation

STALL = 30
"""Seconds. A stalled peer waits for a minute for private data that nobody has."""


@pytest.fixture
async def patient(network: Network, tmp_path: Path) -> Patient:
    return await new_patient(network, tmp_path / "wallet")


def asked(patient: Patient) -> dict[str, bytes]:
    return {"in": json.dumps({"handle": patient.handle, "purpose": "TREAT"}).encode()}


async def test_a_replayed_private_transaction_stalls_nobody(network: Network, patient: Patient) -> None:
    peer = "peer0.hospital-a.example"
    async with network.gateway("hospital-b", "practitioner", peer) as gateway:
        contract = gateway.network(CHANNEL).contract("care", "access")
        proposal = contract.new_proposal(
            "request", arguments=[CUSTODIAN], transient=asked(patient), endorsing_organizations=[CUSTODIAN]
        )
        transaction = await proposal.endorse()
        first, second = await asyncio.gather(
            transaction.submit(), transaction.submit(), return_exceptions=True
        )
        assert not isinstance(first, BaseException)
        assert (await first.status()).successful
        assert second is not None
        async with asyncio.timeout(STALL), network.consortium("hospital-a", "registrar") as consortium:
            await consortium.records.publish(patient.handle, observation())
        replayed = 0
        channel = gateway.network(CHANNEL)
        for number in range((await channel.chain_info()).height):
            block = await channel.block_by_number(number)
            same = [t for t in block.transactions if t.transaction_id == proposal.transaction_id]
            replayed += sum(t.validation_code.name == "DUPLICATE_TXID" for t in same)
        assert replayed == 1, "the replay never reached a block, so the test proved nothing"


async def test_another_members_peer_cannot_endorse_for_the_custodian(
    network: Network, patient: Patient
) -> None:
    async with network.gateway("hospital-b", "practitioner") as gateway:
        contract = gateway.network(CHANNEL).contract("care", "access")
        with pytest.raises(EndorseError) as refused:
            await contract.submit(
                "request",
                arguments=[CUSTODIAN],
                transient=asked(patient),
                endorsing_organizations=["HospitalBMSP"],
            )
    assert patient.handle not in str(refused.value)


async def test_public_state_needs_a_quorum(network: Network) -> None:
    """One institution's peer alone cannot change what all must agree on."""
    async with network.gateway("hospital-b", "admin") as gateway:
        contract = gateway.network(CHANNEL).contract("care", "institutions")
        own = json.loads(await contract.evaluate_transaction("get", "HospitalBMSP"))
        entry = {key: own[key] for key in ("name", "role", "jurisdiction", "hpke_public_key")}
        with pytest.raises((EndorseError, CommitError)):
            await contract.submit(
                "register", arguments=[json.dumps(entry)], endorsing_organizations=["HospitalBMSP"]
            )


async def test_only_the_orderers_administrator_reaches_its_admin_port(network: Network) -> None:
    """A practitioner's certificate of the same institution must not manage its orderer's channels."""
    file = Path(topology.__file__).parents[2] / "topologies" / "dev.yaml"
    value = topology.load(file, name=network.name, base_port=network.port_base)
    node = value.node("orderer0.hospital-a")
    institution = Layout(network.build_dir, network.name).organization("hospital-a")

    async def channels(alias: str) -> tuple[str, ...]:
        tls = institution.user(alias).tls
        admin_port = Participation(f"127.0.0.1:{node.admin}", tls.ca, tls.certificate, tls.key)
        return await admin_port.channels()

    assert CHANNEL in await channels("admin")
    for alias in ("practitioner", "node"):
        with pytest.raises(NodeUnreachableError):
            await channels(alias)


@pytest.mark.parametrize(
    ("organization", "alias"),
    [("hospital-b", "practitioner"), ("hospital-b", "admin"), ("hospital-a", "practitioner")],
)
async def test_no_peer_streams_its_private_data(
    network: Network, patient: Patient, organization: str, alias: str
) -> None:
    """By default Fabric gives the implicit collections of a peer to whoever may read its blocks."""
    async with network.consortium("hospital-a", "registrar") as consortium:
        await consortium.records.publish(patient.handle, observation())
    profile = Profile.load(network.profile(organization))
    person = Identity.load(network.user(organization, alias), profile.msp_id)
    peer = profile.peer("peer0.hospital-a.example")
    channel = grpc.aio.secure_channel(
        peer.address,
        grpc.ssl_channel_credentials(peer.tls_roots.text.encode()),
        options=[("grpc.ssl_target_name_override", peer.options.server_name)],
    )
    async with channel:
        for function, status in (("DeliverFiltered", "SUCCESS"), ("DeliverWithPrivateData", "FORBIDDEN")):
            request = await whole_chain(person)
            deliver = channel.stream_stream(f"/protos.Deliver/{function}")
            replies = [
                events_pb2.DeliverResponse.FromString(reply)
                async for reply in deliver(iter([request]), timeout=STALL)
            ]
            assert common_pb2.Status.Name(replies[-1].status) == status
            assert (len(replies) == 1) == (status == "FORBIDDEN")


async def whole_chain(person: Identity) -> bytes:
    """A signed request for all blocks of the channel."""
    creator = identities_pb2.SerializedIdentity(mspid=person.msp_id, id_bytes=person.certificate_pem)
    signature_header = common_pb2.SignatureHeader(
        creator=creator.SerializeToString(), nonce=secrets.token_bytes(24)
    )
    channel_header = common_pb2.ChannelHeader(type=common_pb2.DELIVER_SEEK_INFO, channel_id=CHANNEL)
    channel_header.timestamp.GetCurrentTime()
    header = common_pb2.Header(
        channel_header=channel_header.SerializeToString(),
        signature_header=signature_header.SerializeToString(),
    )
    seek = ab_pb2.SeekInfo(
        start=ab_pb2.SeekPosition(oldest=ab_pb2.SeekOldest()),
        stop=ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest()),
    )
    payload = common_pb2.Payload(header=header, data=seek.SerializeToString()).SerializeToString()
    signature = await signers.ecdsa(person.private_key_pem)(sha256(payload).digest())
    return common_pb2.Envelope(payload=payload, signature=signature).SerializeToString()


async def custody_status(network: Network, certificate_pem: bytes, private_key_pem: bytes) -> bytes:
    """Ask at hospital A's peer, as its administrator may, with whatever certificate as the creator."""
    profile = Profile.load(network.profile("hospital-a"))
    reached = profile.peer(profile.care.gateway_peer)
    sign = signers.ecdsa(private_key_pem)

    async def signer(digest: bytes) -> bytes:
        return await sign(digest)

    async with await connect(
        address=reached.address,
        tls_root_pem=reached.tls_roots.text.encode(),
        server_name=reached.options.server_name,
        identity=GatewayIdentity(profile.msp_id, certificate_pem),
        signer=signer,
    ) as gateway:
        contract = gateway.network(CHANNEL).contract("care", "institutions")
        return await contract.evaluate(
            "custody_status", arguments=[CUSTODIAN], endorsing_organizations=[CUSTODIAN]
        )


async def test_a_second_certificate_in_the_creator_gives_nobodys_rights(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer verifies the one certificate, and the contract must not believe the other."""
    msp_id = Profile.load(network.profile("hospital-a")).msp_id
    own = Identity.load(network.user("hospital-a", "practitioner"), msp_id)
    admin = Identity.load(network.user("hospital-a", "admin"), msp_id)
    assert await custody_status(network, admin.certificate_pem, admin.private_key_pem)
    with pytest.raises(EvaluateError, match="not-permitted"):
        await custody_status(network, own.certificate_pem, own.private_key_pem)
    # An attacker's client does not look at its own certificate.
    readable = GatewayIdentity(msp_id, own.certificate_pem).certificate
    monkeypatch.setattr(GatewayIdentity, "certificate", property(lambda _: readable))
    for pem in forged(own.certificate_pem, admin.certificate_pem).values():
        with pytest.raises(EvaluateError):
            await custody_status(network, pem, own.private_key_pem)


@pytest.mark.parametrize("alias", ["registrar", "practitioner", "node"])
def test_nobody_makes_an_administrator_or_a_node(network: Network, tmp_path: Path, alias: str) -> None:
    profile = Profile.load(network.profile("hospital-b"))
    described = profile.authority()
    assert described.tls_roots is not None
    root = tmp_path / "root.pem"
    root.write_text(described.tls_roots.text)
    authority = CertificateAuthority(described.url, root, described.name)
    person = Identity.load(network.user("hospital-b", alias), profile.msp_id)
    actor = Enrollment(person.certificate_pem, person.private_key_pem, b"")
    for role in ("administrator", "node", "patient"):
        with pytest.raises(CaRefusedError):
            authority.register(actor, secrets.token_hex(16), attributes={"care.role": role})
