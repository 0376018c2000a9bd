"""Puts what `render` gives where the nodes read it. Before the CAs run, and after they have issued."""

from __future__ import annotations

from fabric_network.certificates import registrar_secret
from fabric_network.commands.chaincode import dotenv
from fabric_network.files import EXECUTABLE, PRIVATE, write
from fabric_network.paths import Layout
from fabric_network.render import chaincode, configtx, core, orderer, profile
from fabric_network.render.ca import ca_server
from fabric_network.services import chaincode_environment, environment_file
from fabric_network.topology import NodeKind, Topology


def write_ca_configuration(topology: Topology, layout: Layout) -> None:
    """What the CAs need to start."""
    for node in topology.nodes_of(NodeKind.CA):
        secret = registrar_secret(layout, node.organization)
        file = layout.organization(node.organization).ca.config
        write(file, ca_server(topology, node, secret), PRIVATE)


def write_configuration(topology: Topology, layout: Layout) -> None:
    """All the rest; every certificate has to be there."""
    _write_nodes(topology, layout)
    _write_builders(topology, layout)
    _write_environments(topology, layout)
    write(layout.configtx, configtx.configtx(topology, layout))
    for one in topology.chaincodes():
        write(layout.package(one.label), chaincode.package(one))
    roots = {name: layout.organization(name).tls_root.read_text() for name in topology.organizations}
    for name in topology.organizations:
        write(layout.profile(name), profile.connection_profile(topology, layout, name, roots))
        files = layout.organization(name)
        for folder in (files.home, files.blobs, files.blobs_mirror):
            folder.mkdir(parents=True, exist_ok=True)


def _write_nodes(topology: Topology, layout: Layout) -> None:
    for node in topology.nodes_of(NodeKind.ORDERER):
        write(
            layout.organization(node.organization).orderer(node.index).config,
            orderer.orderer(topology, layout, node),
        )
    for node in topology.nodes_of(NodeKind.PEER):
        write(
            layout.organization(node.organization).peer(node.index).config, core.core(topology, layout, node)
        )


def _write_environments(topology: Topology, layout: Layout) -> None:
    for node in topology.nodes_of(NodeKind.CHAINCODE):
        if topology.is_external(node):
            write(environment_file(layout, node), dotenv(chaincode_environment(topology, layout, node)))


def _write_builders(topology: Topology, layout: Layout) -> None:
    labels = {one.name: one.label for one in topology.chaincodes()}
    for peer in topology.nodes_of(NodeKind.PEER):
        organization = layout.organization(peer.organization)
        files = organization.peer(peer.index)
        for name, script in chaincode.builder_scripts(files.connections).items():
            write(files.builder / "bin" / name, script, EXECUTABLE)
        for node in topology.nodes_of(NodeKind.CHAINCODE, peer.organization):
            connection = chaincode.connection(
                node,
                root=organization.chaincode.client_ca.read_text(),
                certificate=organization.chaincode.client_certificate.read_text(),
                key=organization.chaincode.client_key.read_text(),
            )
            write(files.connection(labels[node.local_name]), connection, PRIVATE)
