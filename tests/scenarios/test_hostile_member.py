"""What a member with valid certificates could do with other software than ours."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from fabric_gateway import CommitError, EndorseError
from fabric_network import topology
from fabric_network.errors import ChannelError
from fabric_network.participation import Participation
from fabric_network.paths import Layout

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
        proposal = contract.proposal(
            "request", CUSTODIAN, transient=asked(patient), endorsing_organizations=[CUSTODIAN]
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
                "request", CUSTODIAN, transient=asked(patient), endorsing_organizations=["HospitalBMSP"]
            )
    assert patient.handle not in str(refused.value)


async def test_public_state_needs_a_quorum(network: Network) -> None:
    """One institution's peer alone cannot change what all must agree on."""
    async with network.gateway("hospital-b", "admin") as gateway:
        contract = gateway.network(CHANNEL).contract("care", "institutions")
        own = json.loads(await contract.evaluate("get", "HospitalBMSP"))
        entry = {key: own[key] for key in ("name", "role", "jurisdiction", "hpke_public_key")}
        with pytest.raises((EndorseError, CommitError)):
            await contract.submit("register", json.dumps(entry), endorsing_organizations=["HospitalBMSP"])


def test_only_the_orderers_administrator_reaches_its_admin_port(network: Network) -> None:
    """A practitioner's certificate of the same institution must not manage its orderer's channels."""
    file = Path(topology.__file__).parents[2] / "topologies" / "dev.yaml"
    value = topology.load(file, name=network.name, base_port=network.port_base)
    node = value.node("orderer0.hospital-a")
    institution = Layout(network.build_dir, network.name).organization("hospital-a")
    assert CHANNEL in Participation(node, institution.user("admin").tls).channels()
    for alias in ("practitioner", "node"):
        with pytest.raises(ChannelError):
            Participation(node, institution.user(alias).tls).channels()
