"""Each node of a topology as a service that a runner can run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fabric_network.commands import chaincode as chaincodes
from fabric_network.commands import servers
from fabric_network.paths import ChaincodeLayout, Layout
from fabric_network.probes import connected_to, healthy, speaks_mutual_tls
from fabric_network.render.chaincode import package_id
from fabric_network.runners import Service
from fabric_network.runners.runner import Probe
from fabric_network.topology import Node, NodeKind, Topology


def services(topology: Topology, layout: Layout, *kinds: NodeKind) -> tuple[Service, ...]:
    """The services of the nodes of `kinds` that are run here, in the order of `kinds`."""
    nodes = (node for kind in kinds for node in topology.nodes_of(kind))
    return tuple(service(topology, layout, node) for node in nodes if not topology.is_external(node))


def external_probe(layout: Layout, node: Node) -> Probe:
    """Whether the chaincode that its developer runs answers."""
    return _mutual_tls(layout.organization(node.organization).chaincode, node)


def chaincode_environment(topology: Topology, layout: Layout, node: Node) -> Mapping[str, str]:
    """What the chaincode process `node` is told."""
    msp_id = topology.organizations[node.organization].msp_id
    files = layout.organization(node.organization).chaincode
    return chaincodes.environment(node, files, msp_id, package_id(topology.chaincode_of(node)))


def environment_file(layout: Layout, node: Node) -> Path:
    """The file with `chaincode_environment`, for the developer who runs the chaincode `node`."""
    return layout.organization(node.organization).chaincode.environment(node.local_name)


def service(topology: Topology, layout: Layout, node: Node) -> Service:
    """The service of `node`."""
    match node.kind:
        case NodeKind.CA:
            return _ca(layout, node)
        case NodeKind.ORDERER:
            return _orderer(layout, node)
        case NodeKind.PEER:
            return _peer(layout, node)
        case NodeKind.CHAINCODE:
            return _chaincode(topology, layout, node)
        case NodeKind.AGENT:
            return _agent(topology, layout, node)


def _ca(layout: Layout, node: Node) -> Service:
    files = layout.organization(node.organization).ca
    return Service(
        node,
        servers.ca_server(layout, files.root),
        (files.config,),
        healthy(node.operations, node.listen, files.certificate),
    )


def _orderer(layout: Layout, node: Node) -> Service:
    organization = layout.organization(node.organization)
    files = organization.orderer(node.index)
    return Service(
        node,
        servers.orderer(layout, files),
        (
            files.config,
            files.tls.certificate,
            files.msp / "signcerts" / "cert.pem",
            organization.user("admin").tls.certificate,
        ),
        healthy(node.operations, node.listen, organization.tls_root),
    )


def _peer(layout: Layout, node: Node) -> Service:
    organization = layout.organization(node.organization)
    files = organization.peer(node.index)
    return Service(
        node,
        servers.peer(layout, files),
        (files.config, files.tls.certificate, files.msp / "signcerts" / "cert.pem"),
        healthy(node.operations, node.listen, organization.tls_root),
    )


def _chaincode(topology: Topology, layout: Layout, node: Node) -> Service:
    files = layout.organization(node.organization).chaincode
    chaincode = topology.chaincode_of(node)
    told = chaincode_environment(topology, layout, node)
    return Service(
        node,
        chaincodes.command(chaincode, topology.folder, files, told),
        (
            files.server_certificate,
            files.client_certificate,
            *chaincodes.named_files(chaincode, topology.folder),
        ),
        _mutual_tls(files, node),
    )


def _mutual_tls(files: ChaincodeLayout, node: Node) -> Probe:
    return speaks_mutual_tls(node.listen, files.client_ca, files.client_certificate, files.client_key)


def _agent(topology: Topology, layout: Layout, node: Node) -> Service:
    organization = layout.organization(node.organization)
    user = organization.user("node")
    peer = topology.gateway_peer(node.organization)
    return Service(
        node,
        servers.key_agent(layout.profile(node.organization), user, organization.home),
        (layout.profile(node.organization), user.msp / "signcerts" / "cert.pem"),
        connected_to(peer.listen, peer.name),
    )
