"""The lifecycle against scripted nodes: what is sent, what is checked, what a failure becomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
from carechannel.sdk.admin import (
    AdministrationError,
    ChaincodeDefinition,
    Lifecycle,
    NodeRefusedError,
    NodeReplyError,
    NodesDisagreeError,
    NodeUnreachableError,
    NotCommittedError,
    Orderer,
    package,
    package_id,
)
from carechannel.sdk.admin import lifecycle as lifecycle_module
from carechannel.sdk.admin._policy_messages import application_policy
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import transaction_pb2
from fabric_protos.peer.lifecycle import lifecycle_pb2

from tests.unit.sdk.admin.blocks import CHANNEL, block, transaction
from tests.unit.sdk.admin.scripted_node import (
    NOTHING,
    ScriptedNode,
    administrator,
    broadcast,
    commit_status,
    never,
    responds,
    scripted_node,
)

PACKAGE = package("care_1", "ccaas", {"connection.json": b"{}"})
DEFINITION = ChaincodeDefinition("care", "1.0", 1, "OR('Org1MSP.peer')")
APPROVE, COMMIT = "ApproveChaincodeDefinitionForMyOrg", "CommitChaincodeDefinition"


@pytest.fixture
async def orderer() -> AsyncIterator[ScriptedNode]:
    async with scripted_node() as running:
        running.replies["Broadcast"] = broadcast()
        yield running


async def approve(node: ScriptedNode, orderer: ScriptedNode, limit: float = 5.0) -> None:
    who = administrator()
    async with (
        Lifecycle(node.endpoint(timeout=limit), who) as lifecycle,
        Orderer(orderer.endpoint(timeout=limit), who) as ordering,
    ):
        await lifecycle.approve(CHANNEL, DEFINITION, "care_1:00", ordering)


async def test_install_gives_the_package_id(node: ScriptedNode) -> None:
    result = lifecycle_pb2.InstallChaincodeResult(package_id=package_id(PACKAGE), label="care_1")
    node.replies["InstallChaincode"] = responds(result.SerializeToString())
    async with Lifecycle(node.endpoint(), administrator()) as lifecycle:
        assert await lifecycle.install(PACKAGE) == package_id(PACKAGE)
        (asked,) = node.asked
        assert (asked.channel, asked.chaincode) == ("", "_lifecycle")
        sent = lifecycle_pb2.InstallChaincodeArgs.FromString(asked.arguments[0])
        assert sent.chaincode_install_package == PACKAGE
        result.package_id = "care_1:00"
        node.replies["InstallChaincode"] = responds(result.SerializeToString())
        with pytest.raises(NodeReplyError, match="installed care_1:00 where"):
            await lifecycle.install(PACKAGE)
        node.replies["InstallChaincode"] = responds(status=500, message="already successfully installed")
        with pytest.raises(NodeRefusedError, match="already successfully installed"):
            await lifecycle.install(PACKAGE)


async def test_an_installed_package_is_held_against_its_id(node: ScriptedNode) -> None:
    answer = lifecycle_pb2.GetInstalledChaincodePackageResult(chaincode_install_package=PACKAGE)
    node.replies["GetInstalledChaincodePackage"] = responds(answer.SerializeToString())
    async with Lifecycle(node.endpoint(), administrator()) as lifecycle:
        assert await lifecycle.installed_package(package_id(PACKAGE)) == PACKAGE
        with pytest.raises(NodeReplyError, match="another one"):
            await lifecycle.installed_package("care_1:00")


@pytest.mark.parametrize(
    "function",
    [
        "QueryInstalledChaincodes",
        "QueryApprovedChaincodeDefinition",
        "CheckCommitReadiness",
        "QueryChaincodeDefinitions",
        "QueryChaincodeDefinition",
    ],
)
@pytest.mark.parametrize("reply", [responds(status=500, message="no"), responds(b"\xff\xff"), b"", b"\xff"])
async def test_no_query_gives_a_failure_as_a_value(node: ScriptedNode, function: str, reply: bytes) -> None:
    node.replies[function] = reply
    async with Lifecycle(node.endpoint(), administrator()) as lifecycle:
        calls = {
            "QueryInstalledChaincodes": lifecycle.installed,
            "QueryApprovedChaincodeDefinition": lambda: lifecycle.approved(CHANNEL, "care"),
            "CheckCommitReadiness": lambda: lifecycle.commit_readiness(CHANNEL, DEFINITION),
            "QueryChaincodeDefinitions": lambda: lifecycle.committed(CHANNEL),
            "QueryChaincodeDefinition": lambda: lifecycle.committed_one(CHANNEL, "care"),
        }
        with pytest.raises((NodeReplyError, NodeRefusedError)):
            await calls[function]()


async def test_an_approval_is_ordered_and_its_commit_awaited(
    node: ScriptedNode, orderer: ScriptedNode
) -> None:
    node.replies |= {APPROVE: responds(endorsed=b"endorsed"), "CommitStatus": commit_status()}
    await approve(node, orderer)
    (asked,) = node.asked
    sent = lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs.FromString(asked.arguments[0])
    assert (sent.name, sent.sequence, sent.source.local_package.package_id) == ("care", 1, "care_1:00")
    assert [method for method, _ in orderer.requests] == ["Broadcast"]
    assert [method for method, _ in node.requests] == ["CommitStatus"]


async def test_a_commit_carries_all_endorsements_and_waits_for_all(
    node: ScriptedNode, second_node: ScriptedNode, orderer: ScriptedNode
) -> None:
    for peer in (node, second_node):
        peer.replies |= {COMMIT: responds(endorsed=b"endorsed"), "CommitStatus": commit_status()}
    who = administrator()
    async with (
        Lifecycle(node.endpoint(), who) as first,
        Lifecycle(second_node.endpoint(), administrator("Org2MSP")) as second,
        Orderer(orderer.endpoint(), who) as ordering,
    ):
        await first.commit(CHANNEL, DEFINITION, ordering, [second])
    assert node.asked[0].signed == second_node.asked[0].signed
    assert len(node.requests) == len(second_node.requests) == 1
    envelope = common_pb2.Envelope.FromString(orderer.requests[0][1])
    key = x509.load_pem_x509_certificate(who.certificate_pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(envelope.signature, envelope.payload, ec.ECDSA(hashes.SHA256()))
    transaction = transaction_pb2.Transaction.FromString(common_pb2.Payload.FromString(envelope.payload).data)
    action = transaction_pb2.ChaincodeActionPayload.FromString(transaction.actions[0].payload).action
    assert action.proposal_response_payload == b"endorsed"
    assert len(action.endorsements) == 2


async def test_peers_that_endorse_different_things_are_not_ordered(
    node: ScriptedNode, second_node: ScriptedNode, orderer: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle_module, "CATCHING_UP", 0.3)
    node.replies[COMMIT] = responds(endorsed=b"one")
    second_node.replies[COMMIT] = responds(endorsed=b"other")
    who = administrator()
    async with (
        Lifecycle(node.endpoint(), who) as first,
        Lifecycle(second_node.endpoint(), who) as second,
        Orderer(orderer.endpoint(), who) as ordering,
    ):
        with pytest.raises(NodesDisagreeError, match="endorsed something else"):
            await first.commit(CHANNEL, DEFINITION, ordering, [second])
    assert orderer.requests == []


async def test_a_peer_that_hears_of_an_approval_a_moment_later_is_waited_for(
    node: ScriptedNode, second_node: ScriptedNode, orderer: ScriptedNode
) -> None:
    for peer in (node, second_node):
        peer.replies |= {COMMIT: responds(endorsed=b"all approvals"), "CommitStatus": commit_status()}
    heard = iter([b"without the other's approval"])
    second_node.replies[COMMIT] = lambda _asked: responds(endorsed=next(heard, b"all approvals"))
    who = administrator()
    async with (
        Lifecycle(node.endpoint(), who) as first,
        Lifecycle(second_node.endpoint(), who) as second,
        Orderer(orderer.endpoint(), who) as ordering,
    ):
        await first.commit(CHANNEL, DEFINITION, ordering, [second])
    assert len(second_node.asked) == 2
    assert node.asked[0].signed != node.asked[1].signed
    assert len(orderer.requests) == 1


async def test_a_success_without_endorsement_is_not_ordered(
    node: ScriptedNode, orderer: ScriptedNode
) -> None:
    node.replies[APPROVE] = responds()
    with pytest.raises(NodeReplyError, match="without endorsing"):
        await approve(node, orderer)
    assert orderer.requests == []


async def test_an_invalid_transaction_raises_with_its_code(node: ScriptedNode, orderer: ScriptedNode) -> None:
    node.replies |= {APPROVE: responds(endorsed=b"endorsed"), "CommitStatus": commit_status(10)}
    with pytest.raises(NotCommittedError, match="ENDORSEMENT_POLICY_FAILURE") as caught:
        await approve(node, orderer)
    assert caught.value.validation_code == "ENDORSEMENT_POLICY_FAILURE"
    assert len(caught.value.transaction_id) == 64


async def test_a_refusing_orderer_raises(node: ScriptedNode, orderer: ScriptedNode) -> None:
    node.replies[APPROVE] = responds(endorsed=b"endorsed")
    orderer.replies["Broadcast"] = broadcast(503, "no Raft leader")
    with pytest.raises(NodeRefusedError, match="no Raft leader") as caught:
        await approve(node, orderer)
    assert caught.value.status == "SERVICE_UNAVAILABLE"
    assert node.requests == []


@pytest.mark.parametrize("reply", [NOTHING, b"\xff\xff", broadcast(0)])
async def test_an_orderer_that_says_nothing_understandable_raises(
    node: ScriptedNode, orderer: ScriptedNode, reply: bytes
) -> None:
    node.replies[APPROVE] = responds(endorsed=b"endorsed")
    orderer.replies["Broadcast"] = reply
    with pytest.raises((NodeReplyError, NodeRefusedError)):
        await approve(node, orderer)


async def test_a_silent_orderer_leaves_the_outcome_unknown(node: ScriptedNode, orderer: ScriptedNode) -> None:
    node.replies[APPROVE] = responds(endorsed=b"endorsed")
    orderer.replies["Broadcast"] = never()
    with pytest.raises(NodeUnreachableError, match="within the time given") as caught:
        await approve(node, orderer, limit=0.5)
    assert caught.value.outcome_unknown


async def test_a_lost_commit_status_leaves_the_outcome_unknown(
    node: ScriptedNode, orderer: ScriptedNode
) -> None:
    node.replies |= {APPROVE: responds(endorsed=b"endorsed"), "CommitStatus": grpc.StatusCode.UNAVAILABLE}
    with pytest.raises(NodeUnreachableError, match="was ordered: ask for its status") as caught:
        await approve(node, orderer)
    assert caught.value.outcome_unknown


async def test_one_failing_endorser_calls_the_others_off(
    node: ScriptedNode, second_node: ScriptedNode, orderer: ScriptedNode
) -> None:
    node.replies[COMMIT] = responds(status=500, message="not agreed to by this org")
    second_node.replies[COMMIT] = lambda _asked: never()
    who = administrator()
    async with (
        Lifecycle(node.endpoint(), who) as first,
        Lifecycle(second_node.endpoint(timeout=30), who) as second,
        Orderer(orderer.endpoint(), who) as ordering,
    ):
        with pytest.raises(NodeRefusedError, match="not agreed to"):
            await asyncio.wait_for(first.commit(CHANNEL, DEFINITION, ordering, [second]), 5)
    running = {getattr(task.get_coro(), "__name__", "") for task in asyncio.all_tasks()}
    assert "_endorse" not in running


async def test_an_empty_commit_status_is_no_success(node: ScriptedNode, orderer: ScriptedNode) -> None:
    """VALID is the number 0."""
    node.replies |= {APPROVE: responds(endorsed=b"endorsed"), "CommitStatus": b""}
    with pytest.raises(NodeReplyError, match="without the block"):
        await approve(node, orderer)


async def test_another_sequence_than_asked_for_is_noticed(node: ScriptedNode) -> None:
    told = lifecycle_pb2.QueryApprovedChaincodeDefinitionResult(
        sequence=2,
        version="1.0",
        endorsement_plugin="escc",
        validation_plugin="vscc",
        validation_parameter=application_policy("OR('Org1MSP.peer')", ""),
    )
    node.replies["QueryApprovedChaincodeDefinition"] = responds(told.SerializeToString())
    async with Lifecycle(node.endpoint(), administrator()) as lifecycle:
        assert (await lifecycle.approved(CHANNEL, "care", 2)).definition.sequence == 2
        with pytest.raises(NodeReplyError, match="asked for sequence 1 and told 2"):
            await lifecycle.approved(CHANNEL, "care", 1)


@pytest.mark.parametrize("name", ["", "Bad", "a b", "\ud800", "kanal-ü", "a/../b"])
async def test_what_is_no_name_is_not_sent(node: ScriptedNode, name: str) -> None:
    async with (
        Lifecycle(node.endpoint(), administrator()) as lifecycle,
        Orderer(node.endpoint(), administrator()) as ordering,
    ):
        if name:
            with pytest.raises(AdministrationError, match="no name of a channel"):
                await lifecycle.committed(name)
        with pytest.raises(AdministrationError, match="no name of a channel"):
            await ordering.block(name, 0)
        for number in (-1, 2**64):
            with pytest.raises(AdministrationError, match="no number of a block"):
                await ordering.block(CHANNEL, number)
        if name != "Bad":
            with pytest.raises(AdministrationError, match="no name of a chaincode"):
                await lifecycle.committed_one(CHANNEL, name)
            with pytest.raises(AdministrationError, match="no name of a chaincode"):
                await lifecycle.approved(CHANNEL, name)
    assert node.asked == []


async def test_an_orderers_block_is_held_against_what_was_asked_for(orderer: ScriptedNode) -> None:
    def delivers(content: bytes) -> bytes:
        found = ab_pb2.DeliverResponse()
        found.block.ParseFromString(content)
        return found.SerializeToString()

    forged = common_pb2.Block.FromString(block(0, transaction("ab")))
    forged.data.data[0] = transaction("cd")
    async with Orderer(orderer.endpoint(), administrator()) as ordering:
        orderer.replies["Deliver"] = delivers(block(0, transaction("ab")))
        assert common_pb2.Block.FromString(await ordering.block(CHANNEL, 0)).header.number == 0
        with pytest.raises(NodeReplyError, match="another block"):
            await ordering.block(CHANNEL, 1)
        with pytest.raises(NodeReplyError, match="asked about other"):
            await ordering.block("other", 0)
        orderer.replies["Deliver"] = delivers(forged.SerializeToString())
        with pytest.raises(NodeReplyError, match="damaged or forged"):
            await ordering.block(CHANNEL, 0)


async def test_a_readiness_of_nobody_is_no_readiness(node: ScriptedNode) -> None:
    node.replies["CheckCommitReadiness"] = responds(b"")
    async with Lifecycle(node.endpoint(), administrator()) as lifecycle:
        with pytest.raises(NodeReplyError, match="no organisation"):
            await lifecycle.commit_readiness(CHANNEL, DEFINITION)


async def test_blocks_from_an_orderer(orderer: ScriptedNode) -> None:
    async with Orderer(orderer.endpoint(), administrator()) as ordering:
        for status, name in ((404, "NOT_FOUND"), (403, "FORBIDDEN")):
            orderer.replies["Deliver"] = b"\x08" + bytes([status & 0x7F | 0x80, status >> 7])
            with pytest.raises(NodeRefusedError, match=name):
                await ordering.block(CHANNEL, 0)
        orderer.replies["Deliver"] = NOTHING
        with pytest.raises(NodeReplyError, match="without an answer"):
            await ordering.block(CHANNEL, 0)
