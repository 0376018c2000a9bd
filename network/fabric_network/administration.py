"""The administrators' ways to the nodes of a network, through `carechannel.sdk.admin`."""

from __future__ import annotations

from carechannel.sdk.admin import Administrator, Endpoint, Lifecycle, Orderer, Participation, Peer

from fabric_network.paths import Layout
from fabric_network.ports import LOOPBACK
from fabric_network.topology import Node, Topology

TIMEOUT = 60.0
"""Seconds that a node may take for one call; a peer builds a chaincode while it installs it."""


class Administration:
    """Each node as its own organisation's administrator asks it. Nothing is asked yet."""

    def __init__(self, topology: Topology, layout: Layout) -> None:
        self._topology = topology
        self._layout = layout

    def peer(self, node: Node) -> Peer:
        return Peer(self._endpoint(node), self._administrator(node.organization))

    def lifecycle(self, node: Node) -> Lifecycle:
        return Lifecycle(self._endpoint(node), self._administrator(node.organization))

    def orderer(self, node: Node) -> Orderer:
        return Orderer(self._endpoint(node), self._administrator(node.organization))

    def participation(self, node: Node) -> Participation:
        """The admin port, which trusts exactly the administrator's own certificate (docs/adr/0007)."""
        shown = self._layout.organization(node.organization).user("admin").tls
        return Participation(
            f"{LOOPBACK}:{node.admin}", shown.ca, shown.certificate, shown.key, timeout=TIMEOUT
        )

    def _endpoint(self, node: Node) -> Endpoint:
        root = self._layout.organization(node.organization).tls_root
        return Endpoint(node.address, root.read_bytes(), timeout=TIMEOUT)

    def _administrator(self, organization: str) -> Administrator:
        msp_id = self._topology.organizations[organization].msp_id
        return Administrator.load(msp_id, self._layout.organization(organization).user("admin").msp)
