"""A consortium's chaincode over several peers: who is asked, who stands in, who never is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from care_contracts.chaincode import CareChaincode
from carechannel.errors import NetworkDownError, RefusedError
from carechannel.identity import Identity
from carechannel.ledger import FUNCTIONS, Gateways, Ledger
from carechannel.profile import Profile
from carechannel.submitting import Deadline
from fabric_gateway import Gateway, ValidationCode
from fabric_shim.testing import LedgerSimulator, TestIdentity

from tests.unit.carechannel.simulated import PEM
from tests.unit.carechannel.submitting.gateways import Chain, FakePeer, connected, fails, loses_reply
from tests.unit.fabric_gateway.people import self_signed

OWN, CUSTODIAN, OTHER = "OwnMSP", "CustodianMSP", "OtherMSP"
PEERS = {
    OWN: ["own0", "own1"],
    CUSTODIAN: ["custodian0", "custodian1", "custodian-of-another-channel"],
    OTHER: ["other0"],
}
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@dataclass
class Site:
    peers: dict[str, FakePeer]
    chain: Chain
    ledger: Ledger
    home: Path

    def asked(self) -> set[str]:
        return {name for name, peer in self.peers.items() if peer.calls}

    def down(self, name: str) -> None:
        for step in ("evaluate", "endorse", "submit", "status"):
            self.peers[name].script.always[step] = fails(UNAVAILABLE, "connection refused")


class _Gateways(Gateways):
    """The real ones but for the dialling."""

    def __init__(self, profile: Profile, identity: Identity, connections: dict[str, Gateway]):
        super().__init__(profile, identity)
        self._connections = connections

    async def to(self, peer_name: str) -> Gateway:
        return self._connections[peer_name]


def _profile(home: Path) -> Profile:
    members = {
        msp_id: {"name": msp_id, "role": "provider", "jurisdiction": "DE", "peer": peers[0]}
        for msp_id, peers in PEERS.items()
    }
    names = [name for peers in PEERS.values() for name in peers]
    return Profile.model_validate(
        {
            "name": "test",
            "client": {"organization": OWN},
            "organizations": {msp_id: {"mspid": msp_id, "peers": peers} for msp_id, peers in PEERS.items()},
            "peers": {name: {"url": "grpcs://127.0.0.1:1", "tlsCACerts": {"pem": PEM}} for name in names},
            "channels": {
                "channel1": {"peers": {name: {} for name in names if name != names[4]}, "orderers": []}
            },
            "x-carechannel": {
                "home": str(home),
                "gateway_peer": "own0",
                "users": str(home),
                "consortia": {"channel1": {"chaincode": "care", "members": members}},
            },
        }
    )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    person = self_signed("somebody")
    identity = Identity(OWN, person.certificate, person.key)
    profile = _profile(tmp_path / "home")
    chain = Chain()
    peers = {name: FakePeer(name, chain) for names in PEERS.values() for name in names}
    async with AsyncExitStack() as stack:
        connections = {
            name: (await stack.enter_async_context(connected(peer, person))).connected
            for name, peer in peers.items()
        }
        gateways = _Gateways(profile, identity, connections)
        yield Site(peers, chain, Ledger(profile, identity, gateways, "channel1"), tmp_path / "home")


async def test_what_concerns_a_custodian_is_seen_by_its_peers_alone_whatever_fails(site: Site) -> None:
    site.down("custodian0")
    committed = await site.ledger.submit("ehr:publish", CUSTODIAN, custodian=CUSTODIAN, content={"a": 1})
    await site.ledger.evaluate("ehr:list", CUSTODIAN, custodian=CUSTODIAN, content={"a": 1})
    assert site.chain.valid == [committed.transaction_id]
    assert site.asked() == {"custodian0", "custodian1"}

    site.down("custodian1")
    deadline = Deadline.after(2)
    with pytest.raises(NetworkDownError):
        await site.ledger.submit("ehr:publish", CUSTODIAN, custodian=CUSTODIAN, deadline=deadline)
    with pytest.raises(NetworkDownError):
        await site.ledger.evaluate("ehr:list", custodian=CUSTODIAN, deadline=Deadline.after(2))
    assert site.asked() == {"custodian0", "custodian1"}


async def test_what_is_public_goes_to_the_own_peers(site: Site) -> None:
    site.down("own0")
    await site.ledger.submit("patients:bind", "handle")
    await site.ledger.evaluate("patients:get", "handle")
    assert site.asked() == {"own0", "own1"}


async def test_a_lost_reply_and_a_conflict_are_overcome(site: Site) -> None:
    site.chain.verdicts.append(ValidationCode.MVCC_READ_CONFLICT)
    site.peers["own0"].script("submit", loses_reply())
    committed = await site.ledger.submit("patients:bind", "handle")
    assert site.chain.valid == [committed.transaction_id]
    assert len(site.chain.handed) == 2


async def test_refusals_are_the_chaincodes_words(site: Site) -> None:
    refusal = "chaincode response 400, handle-taken: This handle is bound already."
    site.peers["own0"].script("endorse", fails(grpc.StatusCode.UNKNOWN, refusal))
    with pytest.raises(RefusedError, match="bound already") as refused:
        await site.ledger.submit("patients:bind", "handle")
    assert refused.value.code == "handle-taken"


async def test_the_same_key_is_applied_once_and_kept_in_the_institutions_home(site: Site) -> None:
    first = await site.ledger.submit("patients:bind", "handle", idempotency_key="k")
    assert await site.ledger.submit("patients:bind", "handle", idempotency_key="k") == first
    assert len(site.chain.handed) == 1
    assert len(list((site.home / "submissions").glob("*.json"))) == 1


async def test_the_names_that_telemetry_may_show_are_the_chaincodes() -> None:
    simulator = LedgerSimulator("channel1", CareChaincode())
    person = TestIdentity.create(OWN, "somebody")
    described = await simulator.evaluate("org.hyperledger.fabric:GetMetadata", (), creator=person)
    contracts = json.loads(described.payload)["contracts"]
    known = {
        f"{name}:{transaction['name'].removeprefix(name + ':')}"
        for name, contract in contracts.items()
        for transaction in contract["transactions"]
    }
    assert known >= FUNCTIONS
    assert not {name for name in known - FUNCTIONS if not name.startswith("org.hyperledger.fabric:")}


def test_stand_ins_are_of_the_same_organisation_and_channel(tmp_path: Path) -> None:
    profile = _profile(tmp_path)
    assert profile.stand_ins("channel1", "custodian1") == ("custodian1", "custodian0")
    assert profile.stand_ins("channel1", "other0") == ("other0",)
    assert profile.stand_ins("channel1", "unknown") == ("unknown",)
    assert profile.stand_ins("channel2", "own0") == ("own0",)
