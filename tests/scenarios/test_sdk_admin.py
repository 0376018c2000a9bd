"""Administration through carechannel.sdk on a real network; wrong questions, people and roots too."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from carechannel.sdk import CertificateAuthority, Enrollment
from carechannel.sdk.admin import (
    Administrator,
    ChaincodeDefinition,
    ChannelConfiguration,
    Collection,
    ConfigUpdate,
    ConfigurationError,
    Endpoint,
    Lifecycle,
    NodeRefusedError,
    NodeUnreachableError,
    NotCommittedError,
    Orderer,
    Participation,
    Peer,
    with_revocation_list,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_gateway import EvaluateError, Identity, connect, signers
from fabric_network import topology
from fabric_network.paths import Layout
from fabric_network.render.ca import REGISTRAR
from fabric_network.topology import NodeKind

from tests.docs.pages import module
from tests.scenarios.conftest import Network, free_port_base

TOPOLOGY = Path(__file__).parent / "topologies" / "sdk-admin.yaml"
EXAMPLES = Path(__file__).parents[2] / "chaincode" / "examples"
CHANNEL, ALONE = "mychannel", "org1-alone"
MSP_IDS = {"org1": "Org1MSP", "org2": "Org2MSP"}
METADATA = "org.hyperledger.fabric:GetMetadata"


@dataclass(frozen=True)
class Consortium:
    """The network, with the ways of its administrators to its nodes."""

    network: Network
    value: topology.Topology
    layout: Layout

    def administrator(self, organization: str, alias: str = "admin") -> Administrator:
        return Administrator.load(
            MSP_IDS[organization], self.layout.organization(organization).user(alias).msp
        )

    def endpoint(self, kind: NodeKind, organization: str) -> Endpoint:
        (node,) = self.value.nodes_of(kind, organization)
        return Endpoint(node.address, self.layout.organization(organization).tls_root.read_bytes())

    def peer(self, organization: str, administrator: Administrator | None = None) -> Peer:
        asking = administrator or self.administrator(organization)
        return Peer(self.endpoint(NodeKind.PEER, organization), asking)

    def lifecycle(self, organization: str) -> Lifecycle:
        return Lifecycle(self.endpoint(NodeKind.PEER, organization), self.administrator(organization))

    def orderer(self, organization: str = "org1") -> Orderer:
        return Orderer(self.endpoint(NodeKind.ORDERER, organization), self.administrator(organization))

    def participation(self, organization: str, alias: str = "admin") -> Participation:
        (node,) = self.value.nodes_of(NodeKind.ORDERER, organization)
        tls = self.layout.organization(organization).user(alias).tls
        return Participation(f"127.0.0.1:{node.admin}", tls.ca, tls.certificate, tls.key)

    def certificate_authority(self, organization: str) -> CertificateAuthority:
        (node,) = self.value.nodes_of(NodeKind.CA, organization)
        root = self.layout.organization(organization).ca.certificate
        return CertificateAuthority(f"https://{node.address}", root, node.name)

    def genesis_block(self, channel: str, profile: str) -> bytes:
        file = self.layout.channels / f"{channel}.new.block"
        subprocess.run(
            [
                *(self.layout.bin / "configtxgen", "-configPath", self.layout.configtx.parent),
                *("-profile", profile, "-channelID", channel, "-outputBlock", file),
            ],
            check=True,
            capture_output=True,
        )
        return file.read_bytes()

    def peer_program(self, organization: str, *arguments: str) -> str:
        """Fabric's own `peer`, to hold ours against."""
        files = self.layout.organization(organization)
        done = subprocess.run(
            [self.layout.bin / "peer", *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "FABRIC_CFG_PATH": str(files.peer(0).root),
                "CORE_PEER_ADDRESS": self.endpoint(NodeKind.PEER, organization).address,
                "CORE_PEER_LOCALMSPID": MSP_IDS[organization],
                "CORE_PEER_MSPCONFIGPATH": str(files.user("admin").msp),
                "CORE_PEER_TLS_ENABLED": "true",
                "CORE_PEER_TLS_ROOTCERT_FILE": str(files.tls_root),
            },
        )
        return done.stdout


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    network = Network("sdk-admin", tmp_path_factory.mktemp("sdk-admin"), free_port_base())
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTHONPATH", str(EXAMPLES), prepend=os.pathsep)
            network.must("up", "--bare", "--topology", str(TOPOLOGY))
        value = topology.load(TOPOLOGY, name=network.name, base_port=network.port_base)
        yield Consortium(network, value, Layout(network.build_dir, network.name))
    finally:
        network.must("down")
        shutil.rmtree(network.build_dir, ignore_errors=True)


async def test_channels_blocks_and_transactions(consortium: Consortium) -> None:
    async with consortium.peer("org1") as peer:
        assert await peer.channels() == (CHANNEL, ALONE)
        ledger = peer.ledger(CHANNEL)
        info = await ledger.info()
        last = await ledger.block(info.height - 1)
        assert last.hash == info.current_block_hash
        assert last.previous_hash == info.previous_block_hash
        assert await ledger.block_by_hash(last.previous_hash) == await ledger.block(info.height - 2)
        (committed,) = last.transactions
        assert (committed.kind, committed.validation_code) == ("ENDORSER_TRANSACTION", "VALID")
        assert await ledger.block_of(committed.transaction_id) == last
        processed = await ledger.transaction(committed.transaction_id)
        assert processed.validation_code == "VALID"
        genesis = await ledger.block(0)
        assert genesis.transactions[0].kind == "CONFIG"
        configuration = await ledger.configuration()
        assert configuration.sequence == 0
        for missing in (
            ledger.block(info.height + 100),
            ledger.block_by_hash(bytes(32)),
            ledger.block_of("0" * 64),
            ledger.transaction("0" * 64),
        ):
            with pytest.raises(NodeRefusedError, match="in index"):
                await missing
    async with consortium.orderer() as orderer:
        assert (await orderer.block(CHANNEL, 0))[:32] == genesis.content[:32]
        with pytest.raises(NodeRefusedError, match="NOT_FOUND"):
            await orderer.block("nothing", 0)


async def test_who_may_not_ask_hears_so(consortium: Consortium) -> None:
    async with consortium.peer("org2") as peer:
        for channel in ("nothing", ALONE):
            with pytest.raises(NodeRefusedError, match="not found"):
                await peer.ledger(channel).info()
            with pytest.raises(NodeRefusedError, match="access denied"):
                await peer.discovery(channel).members()
    practitioner = consortium.administrator("org1", "user1")
    async with consortium.peer("org1", practitioner) as peer:
        assert (await peer.ledger(CHANNEL).info()).height > 0
        with pytest.raises(NodeRefusedError, match="access denied"):
            await peer.channels()
        with pytest.raises(NodeRefusedError, match="access denied"):
            await peer.join(consortium.layout.block(CHANNEL).read_bytes())
    async with consortium.peer("org1", consortium.administrator("org2")) as peer:
        with pytest.raises(NodeRefusedError, match="access denied"):
            await peer.ledger(ALONE).info()


async def test_another_root_or_port_is_no_answer(consortium: Consortium) -> None:
    endpoint, who = consortium.endpoint(NodeKind.PEER, "org1"), consortium.administrator("org1")
    other_root = consortium.layout.organization("org2").tls_root.read_bytes()
    for wrong in (
        dataclasses.replace(endpoint, tls_root_pem=other_root),
        dataclasses.replace(endpoint, address="127.0.0.1:1"),
    ):
        async with Peer(wrong, who) as peer:
            with pytest.raises(NodeUnreachableError):
                await peer.channels()
            with pytest.raises(NodeUnreachableError):
                await peer.discovery(CHANNEL).members()
        async with Lifecycle(wrong, who) as lifecycle:
            with pytest.raises(NodeUnreachableError):
                await lifecycle.installed()
    async with Peer(consortium.endpoint(NodeKind.ORDERER, "org1"), who) as peer:
        with pytest.raises(NodeRefusedError, match="UNIMPLEMENTED"):
            await peer.channels()


async def test_discovery_tells_peers_of_one_host_apart(consortium: Consortium) -> None:
    peers = {MSP_IDS[name]: consortium.endpoint(NodeKind.PEER, name).address for name in ("org1", "org2")}
    async with consortium.peer("org1") as peer:
        discovery = peer.discovery(CHANNEL)
        found = await discovery.members()
        assert {one.msp_id: one.endpoint for one in found} == peers
        assert {one.chaincodes["basic"] for one in found} == {"1"}
        configuration = await discovery.configuration()
        roots = configuration.msps["Org2MSP"].tls_root_certificates
        assert roots == (consortium.layout.organization("org2").tls_root.read_bytes(),)
        assert configuration.orderers["Org1MSP"] == (consortium.endpoint(NodeKind.ORDERER, "org1").address,)
        endorsers = await discovery.endorsers("basic")
        assert {one.endpoint for group in endorsers.groups.values() for one in group} == set(peers.values())
        assert {one.msp_id for one in await discovery.local_peers()} == set(peers)
        with pytest.raises(NodeRefusedError):
            await discovery.endorsers("nothing")


async def test_the_configuration_reads_as_people_wrote_it(consortium: Consortium) -> None:
    async with consortium.peer("org1") as peer:
        shown: Any = (await peer.ledger(CHANNEL).configuration()).json()
    parts = shown["channel_group"]["groups"]
    assert parts["Orderer"]["values"]["BatchTimeout"]["value"] == {"timeout": "20ms"}
    assert (
        parts["Orderer"]["values"]["ConsensusType"]["value"]["metadata"]["options"]["tick_interval"] == "50ms"
    )
    msp = parts["Application"]["groups"]["Org1MSP"]["values"]["MSP"]["value"]
    assert msp["config"]["name"] == "Org1MSP"


async def test_the_python_of_the_page(consortium: Consortium, tmp_path: Path) -> None:
    page: dict[str, Any] = {}
    exec(module("../sdk/admin.md"), page)
    org1 = consortium.layout.organization("org1")
    endpoint, administrator = page["who_and_whom"](
        org1.user("admin").msp, org1.tls_root, consortium.endpoint(NodeKind.PEER, "org1").address
    )
    await page["look"](endpoint, administrator)
    other = consortium.administrator("org2")
    async with (
        consortium.peer("org1") as peer,
        consortium.lifecycle("org1") as first,
        consortium.lifecycle("org2") as second,
        consortium.orderer() as orderer,
    ):
        (installed,) = await first.installed()
        await page["deploy"](first, second, orderer, installed.package_id)
        # The Orderer group is org1's alone: the other's signature is one too many, and does no harm.
        await page["change"](peer, orderer, administrator, other, tmp_path)
        registrar_ca = consortium.certificate_authority("org1")
        registrar = registrar_ca.enroll(
            REGISTRAR, consortium.layout.organization("org1").ca.registrar_secret.read_text()
        )
        identifier = f"page-{secrets.token_hex(4)}"
        registrar_ca.enroll(identifier, registrar_ca.register(registrar, identifier))
        revoked = registrar_ca.revocations.revoke(registrar, identifier)
        assert revoked.crl_pem is not None
        await page["revoke"](peer, orderer, administrator, revoked.crl_pem)
    await page["participate"](consortium.participation("org1"), consortium.genesis_block("another", CHANNEL))


async def test_a_new_channel_is_joined_and_left(consortium: Consortium) -> None:
    block = consortium.genesis_block("added", CHANNEL)
    orderer = consortium.participation("org1")
    assert (await orderer.join("added", block)).consensus_relation == "consenter"
    with pytest.raises(NodeRefusedError, match="already exists"):
        await orderer.join("added", block)
    async with consortium.peer("org1") as peer:
        await peer.join(block)
        assert "added" in await peer.channels()
        with pytest.raises(NodeRefusedError, match="already exists"):
            await peer.join(block)
    follower = consortium.participation("org2")
    assert await follower.channels() == ()
    with pytest.raises(NodeRefusedError, match="does not exist"):
        await follower.info("added")
    await follower.join("added", block)
    assert (await follower.info("added")).consensus_relation == "follower"
    await follower.remove("added")
    async with asyncio.timeout(10):
        while await follower.channels():  # noqa: ASYNC110 - the orderer removes it on its own
            await asyncio.sleep(0.05)
    with pytest.raises(NodeUnreachableError):
        await consortium.participation("org1", "user1").channels()


async def test_a_chaincode_is_approved_committed_and_called(consortium: Consortium) -> None:
    """Another name for the installed package, with collections and a nested policy."""
    policy = "OR('Org1MSP.peer', AND('Org2MSP.peer', 'Org1MSP.member'))"
    definition = ChaincodeDefinition(
        "second", "1.0", 1, policy, collections=(Collection("shared", "OR('Org1MSP.member')"),)
    )
    async with consortium.lifecycle("org1") as org1, consortium.lifecycle("org2") as org2:
        async with consortium.orderer() as orderer:
            (installed,) = await org1.installed()
            package = await org1.installed_package(installed.package_id)
            with pytest.raises(NodeRefusedError, match="already successfully installed"):
                await org1.install(package)
            assert not any((await org1.commit_readiness(CHANNEL, definition)).approvals.values())
            await org1.approve(CHANNEL, definition, installed.package_id, orderer)
            with pytest.raises(NodeRefusedError, match="unchanged content"):
                await org1.approve(CHANNEL, definition, installed.package_id, orderer)
            other = dataclasses.replace(definition, version="2.0")
            await org2.approve(CHANNEL, other, None, orderer)
            readiness = await org1.commit_readiness(CHANNEL, definition)
            assert readiness.approvals == {"Org1MSP": True, "Org2MSP": False}
            assert readiness.mismatches["Org2MSP"]
            assert (await org2.approved(CHANNEL, "second")).package_id is None
            # The other organisation's administrator uses Fabric's own program, and agrees with ours.
            collections = consortium.layout.channels / "second.json"
            collections.write_text(json.dumps([{"name": "shared", "policy": "OR('Org1MSP.member')"}]))
            consortium.peer_program(
                "org2",
                *("lifecycle", "chaincode", "approveformyorg", "--channelID", CHANNEL, "--name", "second"),
                *("--version", "1.0", "--sequence", "1", "--signature-policy", policy),
                *("--collections-config", str(collections), "--package-id", installed.package_id),
                *("--orderer", orderer.endpoint.address, "--tls", "--cafile"),
                str(consortium.layout.organization("org1").tls_root),
            )
            readiness = await org2.commit_readiness(CHANNEL, definition)
            assert readiness.approvals == {"Org1MSP": True, "Org2MSP": True}, readiness.mismatches
            with pytest.raises(NotCommittedError, match="ENDORSEMENT_POLICY_FAILURE"):
                await org1.commit(CHANNEL, definition, orderer)
            await org1.commit(CHANNEL, definition, orderer, [org2])
            with pytest.raises(NodeRefusedError, match="new definition must be sequence 2"):
                await org1.commit(CHANNEL, definition, orderer, [org2])
        one = await org2.committed_one(CHANNEL, "second")
        assert one.definition.same_as(definition)
        assert one.approvals == {"Org1MSP": True, "Org2MSP": True}
        assert {found.name for found in await org1.committed(CHANNEL)} >= {"basic", "second"}
        with pytest.raises(NodeRefusedError, match="not defined"):
            await org1.committed_one(CHANNEL, "third")
        with pytest.raises(NodeRefusedError, match="could not fetch"):
            await org1.approved(CHANNEL, "third")
    async with consortium.network.gateway("org1", "user1") as gateway:
        contract = gateway.network(CHANNEL).contract("second")
        assert json.loads(await contract.evaluate_transaction(METADATA))


async def test_an_update_needs_the_signatures_that_the_policy_asks_for(consortium: Consortium) -> None:
    org1, org2 = consortium.administrator("org1"), consortium.administrator("org2")
    async with consortium.peer("org1") as peer, consortium.orderer() as orderer:
        ledger = peer.ledger(CHANNEL)
        before = await ledger.configuration()
        wanted: Any = before.json()
        acls = wanted["channel_group"]["groups"]["Application"]["values"]["ACLs"]["value"]["acls"]
        acls["qscc/GetBlockByHash"] = {"policy_ref": "/Channel/Application/Admins"}
        update = ConfigUpdate.between(before, before.edited(wanted))
        with pytest.raises(NodeRefusedError, match="implicit policy evaluation failed") as caught:
            await update.submit(org1, orderer, ledger)
        assert caught.value.status == "BAD_REQUEST"
        received = ConfigUpdate.from_file(update.to_file())
        signed = update.with_signatures(received.sign(org2))
        after = await signed.submit(org1, orderer, ledger)
        assert after.sequence == before.sequence + 1
        assert after.json()["channel_group"] == (await ledger.configuration()).json()["channel_group"]
        with pytest.raises(NodeRefusedError, match="BAD_REQUEST"):
            await signed.submit(org1, orderer, ledger)
        # Fabric's own program reads the file and signs it.
        file = consortium.layout.channels / "update.tx"
        back = ConfigUpdate.between(after, after.edited(before.json()))
        file.write_bytes(back.to_file())
        consortium.peer_program("org2", "channel", "signconfigtx", "-f", str(file))
        signed = ConfigUpdate.from_file(file.read_bytes())
        assert signed.signers == ("Org2MSP",)
        assert (await signed.submit(org1, orderer, ledger)).sequence == before.sequence + 2


async def test_of_two_updates_at_once_one_counts_and_the_other_is_told(consortium: Consortium) -> None:
    org1 = consortium.administrator("org1")

    async def change(wait: str) -> ChannelConfiguration:
        async with consortium.orderer() as orderer, consortium.peer("org1") as peer:
            wanted: Any = before.json()
            wanted["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = wait
            update = ConfigUpdate.between(before, before.edited(wanted))
            return await update.submit(org1, orderer, peer.ledger(CHANNEL))

    async with consortium.peer("org1") as peer:
        before = await peer.ledger(CHANNEL).configuration()
        outcomes = await asyncio.gather(change("21ms"), change("22ms"), return_exceptions=True)
        (won,) = (one for one in outcomes if isinstance(one, ChannelConfiguration))
        (lost,) = (one for one in outcomes if isinstance(one, ConfigurationError | NodeRefusedError))
        assert "ead the configuration again" in str(lost) or "read it again" in str(lost)
        assert (await peer.ledger(CHANNEL).configuration()).content == won.content


async def test_an_administrator_whose_certificate_expired_hears_so(consortium: Consortium) -> None:
    expired = expired_administrator(consortium, "org1")
    async with (
        Peer(consortium.endpoint(NodeKind.PEER, "org1"), expired) as peer,
        Lifecycle(consortium.endpoint(NodeKind.PEER, "org1"), expired) as lifecycle,
        Orderer(consortium.endpoint(NodeKind.ORDERER, "org1"), expired) as orderer,
    ):
        for call in (peer.channels(), peer.ledger(CHANNEL).info(), lifecycle.installed()):
            with pytest.raises(NodeRefusedError, match="expired: enrol the identity again"):
                await call
        with pytest.raises(NodeRefusedError, match=r"access denied .* neither expired nor revoked"):
            await peer.discovery(CHANNEL).members()
        with pytest.raises(NodeRefusedError, match=r"FORBIDDEN.* neither expired nor revoked"):
            await orderer.block(CHANNEL, 0)
        async with consortium.peer("org1") as asked:
            before = await asked.ledger(CHANNEL).configuration()
            wanted: Any = before.json()
            wanted["channel_group"]["groups"]["Orderer"]["values"]["BatchTimeout"]["value"]["timeout"] = "9ms"
            update = ConfigUpdate.between(before, before.edited(wanted))
            with pytest.raises(NodeRefusedError, match="expired: enrol the identity again"):
                await update.submit(expired, orderer, asked.ledger(CHANNEL))


def expired_administrator(consortium: Consortium, organization: str) -> Administrator:
    """As the organisation's CA issued it long ago: its own key signs the certificate."""
    present = x509.load_pem_x509_certificate(consortium.administrator(organization).certificate_pem)
    ca = consortium.layout.organization(organization).ca.certificate
    root = x509.load_pem_x509_certificate(ca.read_bytes())
    found = (
        serialization.load_pem_private_key(file.read_bytes(), None)
        for file in (ca.parent / "msp" / "keystore").glob("*_sk")
    )
    signer = next(key for key in found if key.public_key() == root.public_key())
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    yesterday = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(
        present.issuer,
        present.subject,
        key.public_key(),
        x509.random_serial_number(),
        yesterday - timedelta(days=1),
        yesterday,
    )
    for extension in present.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return Administrator(
        MSP_IDS[organization],
        builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


async def test_a_revoked_user_is_refused_once_the_channel_knows(consortium: Consortium) -> None:
    ca = consortium.certificate_authority("org1")
    secret = consortium.layout.organization("org1").ca.registrar_secret.read_text()
    registrar = ca.enroll(REGISTRAR, secret)

    def enrolled(name: str) -> tuple[str, Enrollment]:
        identifier = f"{name}-{secrets.token_hex(4)}"
        return identifier, ca.enroll(identifier, ca.register(registrar, identifier))

    async def evaluate(person: Enrollment) -> None:
        endpoint = consortium.endpoint(NodeKind.PEER, "org1")
        async with await connect(
            address=endpoint.address,
            tls_root_pem=endpoint.tls_root_pem,
            identity=Identity("Org1MSP", person.cert_pem),
            signer=signers.ecdsa(person.key_pem),
        ) as gateway:
            await gateway.network(CHANNEL).contract("basic").evaluate_transaction(METADATA)

    (leaving, leaver), (_, stayer) = enrolled("leaver"), enrolled("stayer")
    await evaluate(leaver)
    revoked = ca.revocations.revoke(registrar, leaving)
    assert revoked.crl_pem is not None
    await evaluate(leaver)  # revoking at the CA alone does nothing
    async with consortium.peer("org1") as peer, consortium.orderer() as orderer:
        ledger = peer.ledger(CHANNEL)
        before = await ledger.configuration()
        assert before.msp_places("Org1MSP") == ("Application/Org1MSP", "Orderer/Org1MSP")
        wanted = with_revocation_list(before, "Org1MSP", revoked.crl_pem)
        update = ConfigUpdate.between(before, wanted)
        await update.submit(consortium.administrator("org1"), orderer, ledger)
    with pytest.raises(EvaluateError, match="access denied"):
        await evaluate(leaver)
    await evaluate(stayer)
    async with consortium.network.gateway("org2", "user1") as gateway:
        assert await gateway.network(CHANNEL).contract("basic").evaluate_transaction(METADATA)
