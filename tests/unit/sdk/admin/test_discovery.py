"""Discovery through hfc: peers on one host stay apart, certificates are PEM, errors are raised."""

from __future__ import annotations

import pytest
from carechannel.sdk.admin import Discovery, NodeRefusedError, NodeReplyError, Peer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_protos.discovery import protocol_pb2
from fabric_protos.gossip import message_pb2
from fabric_protos.msp import identities_pb2, msp_config_pb2

from tests.protocol.certificates import Authority
from tests.unit.sdk.admin.blocks import CHANNEL
from tests.unit.sdk.admin.scripted_node import ScriptedNode, administrator, scripted_node

PEM = Authority("org").certificate


def a_peer(msp_id: str, endpoint: str, height: int = 0) -> protocol_pb2.Peer:
    alive = message_pb2.GossipMessage()
    alive.alive_msg.membership.endpoint = endpoint
    state = message_pb2.GossipMessage()
    state.state_info.properties.ledger_height = height
    state.state_info.properties.chaincodes.add(name="care", version="1.0")
    found = protocol_pb2.Peer(
        identity=identities_pb2.SerializedIdentity(mspid=msp_id, id_bytes=PEM).SerializeToString()
    )
    found.membership_info.payload = alive.SerializeToString()
    found.state_info.payload = state.SerializeToString()
    return found


def members(*peers: protocol_pb2.Peer) -> protocol_pb2.QueryResult:
    result = protocol_pb2.QueryResult()
    for one in peers:
        msp_id = identities_pb2.SerializedIdentity.FromString(one.identity).mspid
        result.members.peers_by_org[msp_id].peers.append(one)
    result.members.SetInParent()
    return result


def response(*results: protocol_pb2.QueryResult) -> bytes:
    return protocol_pb2.Response(results=results).SerializeToString()


def error(content: str) -> protocol_pb2.QueryResult:
    return protocol_pb2.QueryResult(error=protocol_pb2.Error(content=content))


async def test_peers_of_one_host_are_several(node: ScriptedNode) -> None:
    """hfc keys them by host alone."""
    listed = [
        a_peer("BMSP", "127.0.0.1:3"),
        a_peer("AMSP", "127.0.0.1:2", 7),
        a_peer("AMSP", "127.0.0.1:1", 5),
    ]
    node.replies["Discover"] = response(members(*listed))
    async with Peer(node.endpoint(), administrator()) as peer:
        found = await peer.discovery(CHANNEL).members()
    assert [(one.msp_id, one.endpoint, one.ledger_height) for one in found] == [
        ("AMSP", "127.0.0.1:1", 5),
        ("AMSP", "127.0.0.1:2", 7),
        ("BMSP", "127.0.0.1:3", 0),
    ]
    assert found[0].chaincodes == {"care": "1.0"}
    assert found[0].certificate_pem == PEM


async def test_configuration_gives_pem_and_addresses(node: ScriptedNode) -> None:
    """hfc leaves TLS roots in base64."""
    result = protocol_pb2.QueryResult()
    msp = msp_config_pb2.FabricMSPConfig(name="AMSP", root_certs=[PEM], tls_root_certs=[PEM])
    result.config_result.msps["AMSP"].CopyFrom(msp)
    for port in (7050, 7051):
        result.config_result.orderers["AMSP"].endpoint.add(host="127.0.0.1", port=port)
    node.replies["Discover"] = response(members(), result)
    async with Peer(node.endpoint(), administrator()) as peer:
        found = await peer.discovery(CHANNEL).configuration()
    assert found.orderers == {"AMSP": ("127.0.0.1:7050", "127.0.0.1:7051")}
    assert x509.load_pem_x509_certificate(found.msps["AMSP"].tls_root_certificates[0])


async def test_endorsers(node: ScriptedNode) -> None:
    result = protocol_pb2.QueryResult()
    descriptor = result.cc_query_res.content.add(chaincode="care")
    descriptor.endorsers_by_groups["G0"].peers.append(a_peer("AMSP", "127.0.0.1:1"))
    descriptor.layouts.add().quantities_by_group["G0"] = 1
    node.replies["Discover"] = response(members(), result)
    async with Peer(node.endpoint(), administrator()) as peer:
        found = await peer.discovery(CHANNEL).endorsers("care", ["shared"])
    assert [one.endpoint for one in found.groups["G0"]] == ["127.0.0.1:1"]
    assert found.layouts == ({"G0": 1},)
    asked = protocol_pb2.Request.FromString(
        protocol_pb2.SignedRequest.FromString(node.requests[-1][1]).payload
    )
    (call,) = asked.queries[1].cc_query.interests[0].chaincodes
    assert (call.name, list(call.collection_names)) == ("care", ["shared"])


QUESTIONS = {
    "members": Discovery.members,
    "configuration": Discovery.configuration,
    "endorsers": lambda discovery: discovery.endorsers("care"),
    "local_peers": Discovery.local_peers,
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "answer", [response(error("access denied")), response(members(), error("access denied"))]
)
async def test_an_error_among_the_results_raises(node: ScriptedNode, question: str, answer: bytes) -> None:
    """hfc writes it to its log and goes on."""
    node.replies["Discover"] = answer
    async with Peer(node.endpoint(), administrator()) as peer:
        with pytest.raises(NodeRefusedError, match="access denied"):
            await QUESTIONS[question](peer.discovery(CHANNEL))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("answer", [b"", response(protocol_pb2.QueryResult()), b"\xff\xff"])
async def test_a_missing_result_raises(node: ScriptedNode, question: str, answer: bytes) -> None:
    node.replies["Discover"] = answer
    async with Peer(node.endpoint(), administrator()) as peer:
        with pytest.raises((NodeReplyError, NodeRefusedError)):
            await QUESTIONS[question](peer.discovery(CHANNEL))


def nobody_endorses(chaincode: str = "care", group: str | None = None) -> protocol_pb2.QueryResult:
    result = protocol_pb2.QueryResult()
    descriptor = result.cc_query_res.content.add(chaincode=chaincode)
    if group is not None:
        descriptor.layouts.add().quantities_by_group[group] = 1
    return result


def no_members() -> protocol_pb2.QueryResult:
    result = protocol_pb2.QueryResult()
    result.config_result.SetInParent()
    return result


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("members", response(members())),
        ("local_peers", response(members())),
        ("configuration", response(members(), no_members())),
        ("endorsers", response(members(), nobody_endorses())),
        ("endorsers", response(members(), nobody_endorses(group="G7"))),
        ("endorsers", response(members(), nobody_endorses("other"))),
    ],
)
async def test_an_empty_or_another_answer_is_none(node: ScriptedNode, question: str, answer: bytes) -> None:
    node.replies["Discover"] = answer
    async with Peer(node.endpoint(), administrator()) as peer:
        with pytest.raises(NodeReplyError):
            await QUESTIONS[question](peer.discovery(CHANNEL))


async def test_under_mutual_tls_the_request_names_the_certificate() -> None:
    """hfc leaves the binding out, and a peer with mutual TLS refuses."""
    async with scripted_node(mutual=True) as node:
        node.replies["Discover"] = response(members(a_peer("AMSP", "127.0.0.1:1")))
        endpoint = node.endpoint(client=node.authority.issue("client"))
        who = administrator()
        async with Peer(endpoint, who) as peer:
            assert len(await peer.discovery(CHANNEL).members()) == 1
    signed = protocol_pb2.SignedRequest.FromString(node.requests[-1][1])
    request = protocol_pb2.Request.FromString(signed.payload)
    assert request.authentication.client_tls_cert_hash == endpoint.client_certificate_hash != b""
    key = x509.load_pem_x509_certificate(who.certificate_pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signed.signature, signed.payload, ec.ECDSA(hashes.SHA256()))
