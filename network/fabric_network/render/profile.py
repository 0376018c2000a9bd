"""Connection profile (CCP, JSON) of an organisation, for the clients of every Fabric SDK.

`x-carechannel` carries what CareChannel's own client needs beside it; other clients ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fabric_network.paths import Layout
from fabric_network.render.document import to_json
from fabric_network.topology import Channel, Node, NodeKind, Organization, Topology

Json = dict[str, object]


def connection_profile(
    topology: Topology, layout: Layout, organization: str, tls_roots: Mapping[str, str]
) -> str:
    """The profile of `organization`; `tls_roots` are the PEM texts of the TLS roots by organisation."""
    org = topology.organizations[organization]
    channels = topology.channels_of(organization)
    known = _known(topology, org, channels)
    peers = [peer for one in known for peer in topology.nodes_of(NodeKind.PEER, one.id)]
    consenters = {node.name: node for channel in channels for node in topology.consenters(channel)}
    ca = topology.nodes_of(NodeKind.CA, organization)[0]
    return to_json(
        {
            "name": f"{topology.name}-{organization}",
            "version": "1.0.0",
            "client": {"organization": organization, "connection": {"timeout": {"peer": {"endorser": "30"}}}},
            "organizations": {one.id: _organization(topology, one, org) for one in known},
            "peers": {peer.hostname: _endpoint(peer, tls_roots) for peer in peers},
            "orderers": {node.hostname: _endpoint(node, tls_roots) for node in consenters.values()},
            "certificateAuthorities": {
                ca.hostname: {
                    "url": f"https://{ca.address}",
                    "caName": ca.name,
                    "tlsCACerts": {"pem": [tls_roots[organization]]},
                    "httpOptions": {"verify": True},
                }
            },
            "channels": {channel.name: _channel(topology, channel) for channel in channels},
            "x-carechannel": _own(topology, layout, org, channels),
        }
    )


def _known(topology: Topology, org: Organization, channels: tuple[Channel, ...]) -> list[Organization]:
    """The organisation itself and all with whom it shares a channel, in file order."""
    names = {org.id} | {member for channel in channels for member in channel.members}
    return [one for one in topology.organizations.values() if one.id in names]


def _organization(topology: Topology, org: Organization, own: Organization) -> Json:
    described: Json = {
        "mspid": org.msp_id,
        "peers": [peer.hostname for peer in topology.nodes_of(NodeKind.PEER, org.id)],
    }
    if org.id == own.id:
        described["certificateAuthorities"] = [topology.nodes_of(NodeKind.CA, org.id)[0].hostname]
    return described


def _endpoint(node: Node, tls_roots: Mapping[str, str]) -> Json:
    return {
        "url": f"grpcs://{node.address}",
        "tlsCACerts": {"pem": tls_roots[node.organization]},
        "grpcOptions": {"ssl-target-name-override": node.hostname, "hostnameOverride": node.hostname},
    }


def _channel(topology: Topology, channel: Channel) -> Json:
    peers = [peer for member in channel.members for peer in topology.nodes_of(NodeKind.PEER, member)]
    roles = {"endorsingPeer": True, "chaincodeQuery": True, "ledgerQuery": True, "eventSource": True}
    return {
        "orderers": [node.hostname for node in topology.consenters(channel)],
        "peers": {peer.hostname: roles for peer in peers},
    }


def _own(topology: Topology, layout: Layout, org: Organization, channels: tuple[Channel, ...]) -> Json:
    files = layout.organization(org.id)
    blobs: dict[str, Json] = {}
    for one in _known(topology, org, channels):
        if one.peers:
            blobs[one.msp_id] = {"primary": str(layout.organization(one.id).blobs)}
    if org.peers:
        blobs[org.msp_id]["mirror"] = str(files.blobs_mirror)
    return {
        "home": str(files.home),
        "users": str(files.users),
        "gateway_peer": topology.gateway_peer(org.id).hostname,
        "consortia": {channel.name: _consortium(topology, channel) for channel in channels},
        "blobs": blobs,
    }


def _consortium(topology: Topology, channel: Channel) -> Json:
    members: Json = {}
    for member in topology.members(channel):
        peers = topology.nodes_of(NodeKind.PEER, member.id)
        members[member.msp_id] = {
            "name": member.name,
            "role": member.role,
            "jurisdiction": member.jurisdiction,
            "peer": peers[0].hostname if peers else None,
        }
    return {"chaincode": next(iter(channel.chaincodes), None), "members": members}
