"""Offline signing across languages: bytes of this client in Node's, and bytes of Node's in this one."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fabric_gateway import Gateway, Identity, Network
from fabric_gateway._signable import Signable
from fabric_protos.gateway import gateway_pb2
from pydantic import BaseModel, Field

from tests.npm import NODE, installed
from tests.unit.fabric_gateway.fake_gateway import FakeGateway

PINNED = [
    Path(__file__).parents[2] / "examples_client" / name for name in ("package.json", "package-lock.json")
]
KINDS = [
    "Proposal",
    "Transaction",
    "Commit",
    "ChaincodeEventsRequest",
    "BlockEventsRequest",
    "FilteredBlockEventsRequest",
    "BlockAndPrivateDataEventsRequest",
]


class Told(BaseModel):
    """What Node's client says of one signable."""

    bytes: str
    digest: str
    transaction_id: str | None = Field(default=None, alias="transactionId")

    @property
    def content(self) -> bytes:
        return base64.b64decode(self.bytes)


class Answer(BaseModel):
    recreated: dict[str, Told]
    made: dict[str, Told]


def recreate(gateway: Gateway, kind: str, content: bytes) -> Signable:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
    found = getattr(gateway, f"new_{name}")(content)
    assert isinstance(found, Signable)
    return found


async def ours(network: Network) -> dict[str, Signable]:
    proposal = network.contract("basic").new_proposal(
        "Create",
        arguments=["a", b"\xff"],
        transient={"secret": b"value"},
        endorsing_organizations=["Org2MSP"],
    )
    transaction = await proposal.endorse()
    return {
        "Proposal": proposal,
        "Transaction": transaction,
        "Commit": network.commit(proposal.transaction_id),
        "ChaincodeEventsRequest": network.new_chaincode_events_request("basic", start_block=3),
        "BlockEventsRequest": network.new_block_events_request(start_block=3),
        "FilteredBlockEventsRequest": network.new_filtered_block_events_request(start_block=3),
        "BlockAndPrivateDataEventsRequest": network.new_block_and_private_data_events_request(start_block=3),
    }


async def ask_node(home: Path, identity: Identity, made: dict[str, Signable]) -> Answer:
    shutil.copy(Path(__file__).with_name("interop.mjs"), home)
    modules = await asyncio.to_thread(installed, PINNED)
    (home / "node_modules").symlink_to(modules / "node_modules")
    request = {
        "mspId": identity.msp_id,
        "certificate": base64.b64encode(identity.certificate_pem).decode(),
        "made": {kind: base64.b64encode(signable.bytes).decode() for kind, signable in made.items()},
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [str(NODE), "interop.mjs"],
        cwd=home,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return Answer.model_validate_json(done.stdout)


@pytest.fixture
async def made(network: Network, fake: FakeGateway) -> dict[str, Signable]:
    return await ours(network)


async def test_bytes_go_between_the_languages(
    made: dict[str, Signable], gateway: Gateway, identity: Identity, tmp_path: Path
) -> None:
    answer = await ask_node(tmp_path, identity, made)
    assert list(made) == KINDS == list(answer.recreated)
    for kind, signable in made.items():
        told = answer.recreated[kind]
        assert told.digest == signable.digest.hex(), kind
        assert told.content == signable.bytes, kind
        assert told.transaction_id == getattr(signable, "transaction_id", None), kind
        back = recreate(gateway, kind, told.content)
        assert (back.digest, back.bytes) == (signable.digest, signable.bytes), kind
    for kind in ("Proposal", *KINDS[3:]):
        told = answer.made[kind]
        here = recreate(gateway, kind, told.content)
        assert here.digest.hex() == told.digest, kind
        assert here.bytes == told.content, kind
        assert getattr(here, "transaction_id", None) == told.transaction_id, kind
    signed = gateway_pb2.ProposedTransaction.FromString(answer.made["SignedProposal"].content)
    assert signed.proposal.signature == b"signature"
    here = gateway.new_signed_proposal(answer.made["Proposal"].content, b"signature")
    assert here.bytes == answer.made["SignedProposal"].content


async def test_a_proposal_of_nodes_client_is_endorsed_here(
    made: dict[str, Signable], gateway: Gateway, identity: Identity, fake: FakeGateway, tmp_path: Path
) -> None:
    answer = await ask_node(tmp_path, identity, made)
    told = answer.made["Proposal"]
    proposal = gateway.new_proposal(told.content)
    submitted = await (await proposal.endorse()).submit()
    assert (await submitted.status()).successful
    assert fake.endorsed[-1].transaction_id == told.transaction_id == submitted.transaction_id
    assert list(fake.endorsed[-1].endorsing_organizations) == ["Org2MSP"]
    assert fake.endorsed[-1].channel_id == "channel1"
