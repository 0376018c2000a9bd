"""One transaction, begun by one language's client and ended by another's: only bytes pass between them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from fabric_gateway import Gateway

from tests.examples_client.applications import conversation, node_organization
from tests.scenarios.gateway.conftest import CHANNEL, Fabric

Ask = Callable[[Mapping[str, object]], dict[str, Any]]


@pytest.fixture(scope="module")
def node(fabric: Fabric) -> Iterator[Ask]:
    """npm's gateway client, as the same user1 of Org1."""
    with conversation("relay", CHANNEL, [node_organization(fabric.network, "org1")]) as ask:
        yield ask


def told(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_a_proposal_of_ours_is_the_same_there(gateway: Gateway, node: Ask) -> None:
    contract = gateway.network(CHANNEL).contract("basic")
    proposal = contract.new_proposal(
        "put", arguments=["a", "b"], transient={"x": b"y"}, endorsing_organizations=["Org1MSP", "Org2MSP"]
    )
    there = node({"step": "proposal", "bytes": told(proposal.bytes)})
    assert there["transactionId"] == proposal.transaction_id
    assert there["digest"] == told(proposal.digest)


async def test_ours_proposes_and_submits_node_endorses_and_waits(gateway: Gateway, node: Ask) -> None:
    contract = gateway.network(CHANNEL).contract("basic")
    proposal = contract.new_proposal("put", arguments=["relay", "ours"])
    endorsed = node({"step": "endorse", "bytes": told(proposal.bytes)})
    transaction = gateway.new_transaction(base64.b64decode(endorsed["bytes"]))
    assert (transaction.transaction_id, transaction.result) == (proposal.transaction_id, b"ours")
    assert told(transaction.digest) == endorsed["digest"]
    submitted = await transaction.submit()
    status = node({"step": "status", "bytes": told(submitted.bytes)})
    assert status == {"successful": True, "code": 0, "transactionId": proposal.transaction_id}


async def test_node_proposes_and_submits_ours_endorses_and_waits(gateway: Gateway, node: Ask) -> None:
    made = node({"step": "propose", "chaincode": "basic", "name": "put", "args": ["relay", "node"]})
    proposal = gateway.new_proposal(base64.b64decode(made["bytes"]))
    assert (proposal.transaction_id, told(proposal.digest)) == (made["transactionId"], made["digest"])
    transaction = await proposal.endorse()
    submitted = node({"step": "submit", "bytes": told(transaction.bytes)})
    commit = gateway.new_commit(base64.b64decode(submitted["bytes"]))
    assert told(commit.digest) == submitted["digest"]
    assert (await commit.status()).successful
    found = await gateway.network(CHANNEL).contract("basic").evaluate_transaction("get", "relay")
    assert found == b"node"
