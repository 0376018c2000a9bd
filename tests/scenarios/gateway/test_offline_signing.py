"""The key is elsewhere: each step's bytes go there, a signature comes back."""

from __future__ import annotations

import pytest
from fabric_gateway import EvaluateError, FabricGatewayError, Gateway, NoSignerError, signers

from tests.scenarios.gateway.conftest import CHANNEL, Fabric


class Elsewhere:
    """Stands for the device that has the key: it is handed a digest, and nothing else."""

    def __init__(self, key_pem: bytes) -> None:
        self._sign = signers.ecdsa(key_pem)

    async def sign(self, digest: bytes) -> bytes:
        assert len(digest) == 32
        return await self._sign(digest)


@pytest.fixture
def elsewhere(fabric: Fabric) -> Elsewhere:
    return Elsewhere(fabric.credentials("org1")[1])


async def test_nothing_goes_without_a_signature(fabric: Fabric) -> None:
    async with fabric.gateway(signing=False) as gateway:
        contract = gateway.network(CHANNEL).contract("basic")
        with pytest.raises(NoSignerError, match="new_signed_proposal"):
            await contract.evaluate_transaction("echo", "conga")
        with pytest.raises(NoSignerError, match="new_signed_proposal"):
            await contract.submit_transaction("echo", "conga")


async def test_evaluate(fabric: Fabric, elsewhere: Elsewhere) -> None:
    async with fabric.gateway(signing=False) as gateway:
        proposal = gateway.network(CHANNEL).contract("basic").new_proposal("echo", arguments=["conga"])
        signed = gateway.new_signed_proposal(proposal.bytes, await elsewhere.sign(proposal.digest))
        assert await signed.evaluate() == b"conga"


async def test_submit_in_four_signatures(fabric: Fabric, elsewhere: Elsewhere) -> None:
    async with fabric.gateway(signing=False) as gateway:
        network = gateway.network(CHANNEL)
        proposal = network.contract("basic").new_proposal("put", arguments=["offline", "signed"])
        signed_proposal = gateway.new_signed_proposal(proposal.bytes, await elsewhere.sign(proposal.digest))
        assert signed_proposal.transaction_id == proposal.transaction_id

        transaction = await signed_proposal.endorse()
        signed_transaction = gateway.new_signed_transaction(
            transaction.bytes, await elsewhere.sign(transaction.digest)
        )
        assert signed_transaction.result == b"signed"

        commit = await signed_transaction.submit()
        signed_commit = gateway.new_signed_commit(commit.bytes, await elsewhere.sign(commit.digest))
        status = await signed_commit.status()
        assert status.successful
        assert status.transaction_id == proposal.transaction_id

    async with fabric.gateway() as reader:
        found = await reader.network(CHANNEL).contract("basic").evaluate_transaction("get", "offline")
        assert found == b"signed"


async def test_the_steps_may_be_in_different_processes(fabric: Fabric, elsewhere: Elsewhere) -> None:
    """Only bytes pass from one gateway to the next, as they would through a queue or a file."""
    async with fabric.gateway(signing=False) as gateway:
        proposal = gateway.network(CHANNEL).contract("basic").new_proposal("echo", arguments=["moved"])
        step, digest = proposal.bytes, proposal.digest
    async with fabric.gateway(signing=False) as gateway:
        assert gateway.new_proposal(step).digest == digest
        transaction = await gateway.new_signed_proposal(step, await elsewhere.sign(digest)).endorse()
        step, digest = transaction.bytes, transaction.digest
    async with fabric.gateway(signing=False) as gateway:
        assert gateway.new_transaction(step).digest == digest
        commit = await gateway.new_signed_transaction(step, await elsewhere.sign(digest)).submit()
        step, digest = commit.bytes, commit.digest
    async with fabric.gateway("org1", 1, signing=False) as gateway:
        assert gateway.new_commit(step).digest == digest
        assert (await gateway.new_signed_commit(step, await elsewhere.sign(digest)).status()).successful


async def test_a_wrong_signature_is_denied(fabric: Fabric, elsewhere: Elsewhere) -> None:
    async with fabric.gateway(signing=False) as gateway:
        contract = gateway.network(CHANNEL).contract("basic")
        proposal, other = (contract.new_proposal("echo", arguments=[text]) for text in ("one", "other"))
        swapped = gateway.new_signed_proposal(proposal.bytes, await elsewhere.sign(other.digest))
        with pytest.raises(EvaluateError, match="denied to this identity"):
            await swapped.evaluate()


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff", b"not a proposal"])
async def test_bytes_that_are_no_proposal(gateway: Gateway, content: bytes) -> None:
    with pytest.raises(FabricGatewayError):
        gateway.new_signed_proposal(content, b"signature")


async def test_chaincode_events(fabric: Fabric, elsewhere: Elsewhere) -> None:
    async with fabric.gateway() as writer:
        contract = writer.network(CHANNEL).contract("basic")
        submitted = await contract.submit_async("event", arguments=["offline-event", "payload"])
        block = (await submitted.committed()).block_number
    async with fabric.gateway(signing=False) as gateway:
        request = gateway.network(CHANNEL).new_chaincode_events_request("basic", start_block=block)
        signed = gateway.new_signed_chaincode_events_request(
            request.bytes, await elsewhere.sign(request.digest)
        )
        async with signed.events() as events:
            event = await anext(events)
            assert (event.event_name, event.payload) == ("offline-event", b"payload")


@pytest.mark.parametrize("kind", ["block", "filtered_block", "block_and_private_data"])
async def test_block_events(fabric: Fabric, elsewhere: Elsewhere, kind: str) -> None:
    async with fabric.gateway(signing=False) as gateway:
        request = getattr(gateway.network(CHANNEL), f"new_{kind}_events_request")(start_block=1)
        recreate = getattr(gateway, f"new_signed_{kind}_events_request")
        signed = recreate(request.bytes, await elsewhere.sign(request.digest))
        async with signed.events() as events:
            first = await anext(events)
            assert (first.block.number if kind == "block_and_private_data" else first.number) == 1
