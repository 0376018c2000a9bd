"""Answers of the discovery service, from bytes into plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fabric_protos.discovery import protocol_pb2
from fabric_protos.gossip import message_pb2
from fabric_protos.msp import identities_pb2

from carechannel.sdk.admin import _failures
from carechannel.sdk.admin._messages import parse
from carechannel.sdk.errors import NodeReplyError


@dataclass(frozen=True)
class PeerInfo:
    """A peer at `endpoint` (`host:port`). Height and chaincodes (version by name) are of one channel."""

    msp_id: str
    endpoint: str
    certificate_pem: bytes = field(repr=False)
    ledger_height: int = 0
    chaincodes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MemberMsp:
    """Certificates (PEM) by which an organisation's identities and its nodes' TLS are known."""

    msp_id: str
    root_certificates: tuple[bytes, ...] = field(repr=False)
    intermediate_certificates: tuple[bytes, ...] = field(repr=False)
    tls_root_certificates: tuple[bytes, ...] = field(repr=False)
    tls_intermediate_certificates: tuple[bytes, ...] = field(repr=False)
    admins: tuple[bytes, ...] = field(repr=False)
    revocation_lists: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class DiscoveredConfiguration:
    """`msps` by MSP ID; `orderers` are their addresses (`host:port`) by MSP ID."""

    msps: Mapping[str, MemberMsp]
    orderers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Endorsers:
    """Who endorses `chaincode`.

    `groups` are peers by the name of their group; each of `layouts` says how many of which groups suffice.
    """

    chaincode: str
    groups: Mapping[str, tuple[PeerInfo, ...]]
    layouts: tuple[Mapping[str, int], ...]


def members(content: bytes, node: str, index: int) -> tuple[PeerInfo, ...]:
    result = _result(content, node, index, "members")
    if not any(peers.peers for peers in result.members.peers_by_org.values()):
        raise NodeReplyError(f"{node} tells of no peer at all, though it is one itself.")
    found = [_peer(peer, node) for peers in result.members.peers_by_org.values() for peer in peers.peers]
    return tuple(sorted(found, key=lambda peer: (peer.msp_id, peer.endpoint)))


def configuration(content: bytes, node: str, index: int) -> DiscoveredConfiguration:
    result = _result(content, node, index, "config_result").config_result
    if not result.msps:
        raise NodeReplyError(f"{node} tells of a channel without members.")
    msps = {
        msp_id: MemberMsp(
            msp_id,
            tuple(msp.root_certs),
            tuple(msp.intermediate_certs),
            tuple(msp.tls_root_certs),
            tuple(msp.tls_intermediate_certs),
            tuple(msp.admins),
            tuple(msp.revocation_list),
        )
        for msp_id, msp in sorted(result.msps.items())
    }
    orderers = {
        msp_id: tuple(f"{one.host}:{one.port}" for one in endpoints.endpoint)
        for msp_id, endpoints in sorted(result.orderers.items())
    }
    return DiscoveredConfiguration(msps, orderers)


def endorsers(content: bytes, node: str, index: int, chaincode: str) -> Endorsers:
    descriptors = _result(content, node, index, "cc_query_res").cc_query_res.content
    if len(descriptors) != 1:
        raise NodeReplyError(f"{node} tells the endorsers of {len(descriptors)} chaincodes, not of one.")
    descriptor = descriptors[0]
    if descriptor.chaincode != chaincode:
        raise NodeReplyError(f"{node} tells the endorsers of {descriptor.chaincode!r}, not of {chaincode!r}.")
    if not descriptor.layouts or any(
        name not in descriptor.endorsers_by_groups
        for layout in descriptor.layouts
        for name in layout.quantities_by_group
    ):
        raise NodeReplyError(f"{node} does not tell whose endorsements of {chaincode} suffice.")
    groups = {
        name: _sorted(_peer(peer, node) for peer in peers.peers)
        for name, peers in sorted(descriptor.endorsers_by_groups.items())
    }
    layouts = tuple(dict(layout.quantities_by_group) for layout in descriptor.layouts)
    return Endorsers(descriptor.chaincode, groups, layouts)


def _result(content: bytes, node: str, index: int, wanted: str) -> protocol_pb2.QueryResult:
    """The answer to the query at `index`: hfc logs an error among the results and goes on."""
    response = parse(protocol_pb2.Response.FromString, content, node, "an answer of the discovery service")
    for result in response.results:
        if result.WhichOneof("result") == "error":
            raise _failures.refused(node, "answer the discovery", "ERROR", result.error.content)
    if index >= len(response.results) or response.results[index].WhichOneof("result") != wanted:
        raise NodeReplyError(f"{node} leaves a question to its discovery service without an answer.")
    return response.results[index]


def _sorted(peers: Iterable[PeerInfo]) -> tuple[PeerInfo, ...]:
    return tuple(sorted(peers, key=lambda peer: (peer.msp_id, peer.endpoint)))


def _peer(peer: protocol_pb2.Peer, node: str) -> PeerInfo:
    identity = parse(identities_pb2.SerializedIdentity.FromString, peer.identity, node, "an identity")
    alive = parse(message_pb2.GossipMessage.FromString, peer.membership_info.payload, node, "gossip")
    state = parse(message_pb2.GossipMessage.FromString, peer.state_info.payload, node, "gossip")
    properties = state.state_info.properties
    return PeerInfo(
        identity.mspid,
        alive.alive_msg.membership.endpoint,
        identity.id_bytes,
        properties.ledger_height,
        {chaincode.name: chaincode.version for chaincode in properties.chaincodes},
    )
