"""The peer program as a client, in the name of an organisation's administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fabric_network.commands.command import Command
from fabric_network.paths import Layout
from fabric_network.topology import Node, Topology


@dataclass(frozen=True)
class Definition:
    """A chaincode definition as a channel's members approve and commit it."""

    channel: str
    name: str
    version: str
    sequence: int
    endorsement: str
    """Signature policy."""
    collections: str = ""
    """Collections configuration (JSON), which also lies in the layout's file; empty if there are none."""


@dataclass(frozen=True)
class PeerAdmin:
    """Commands at the peer `node`, by its organisation's administrator."""

    topology: Topology
    layout: Layout
    node: Node

    def join_channel(self, channel: str) -> Command:
        return self._command("channel", "join", "--blockpath", str(self.layout.block(channel)))

    def list_channels(self) -> Command:
        return self._command("channel", "list")

    def install(self, package: Path) -> Command:
        return self._command("lifecycle", "chaincode", "install", str(package))

    def query_installed(self) -> Command:
        return self._command("lifecycle", "chaincode", "queryinstalled", "--output", "json")

    def query_committed(self, channel: str) -> Command:
        return self._command(
            "lifecycle", "chaincode", "querycommitted", "--channelID", channel, "--output", "json"
        )

    def approve(self, definition: Definition, package_id: str, orderer: Node) -> Command:
        """For the own organisation; waits until it is committed."""
        return self._command(
            *("lifecycle", "chaincode", "approveformyorg"),
            *self._options(definition),
            *("--package-id", package_id),
            *self._ordering(orderer),
        )

    def commit(self, definition: Definition, orderer: Node, endorsers: Sequence[Node]) -> Command:
        """For the channel, endorsed by `endorsers`; waits until it is committed at each of them."""
        peers: list[str] = []
        for peer in endorsers:
            peers += ["--peerAddresses", peer.address, "--tlsRootCertFiles", str(self._tls_root(peer))]
        return self._command(
            "lifecycle", "chaincode", "commit", *self._options(definition), *peers, *self._ordering(orderer)
        )

    def _options(self, definition: Definition) -> tuple[str, ...]:
        file = self.layout.collections(definition.channel, definition.name)
        return (
            *("--channelID", definition.channel),
            *("--name", definition.name),
            *("--version", definition.version),
            *("--sequence", str(definition.sequence)),
            *("--signature-policy", definition.endorsement),
            *(("--collections-config", str(file)) if definition.collections else ()),
        )

    def _ordering(self, orderer: Node) -> tuple[str, ...]:
        return ("--orderer", orderer.address, "--tls", "--cafile", str(self._tls_root(orderer)))

    def _tls_root(self, node: Node) -> Path:
        return self.layout.organization(node.organization).tls_root

    def _command(self, *arguments: str) -> Command:
        organization = self.layout.organization(self.node.organization)
        return Command(
            self.layout.bin / "peer",
            arguments,
            {
                "FABRIC_CFG_PATH": str(organization.peer(self.node.index).root),
                "FABRIC_LOGGING_SPEC": "WARNING",
                "CORE_PEER_ADDRESS": self.node.address,
                "CORE_PEER_LOCALMSPID": self.topology.organizations[self.node.organization].msp_id,
                "CORE_PEER_MSPCONFIGPATH": str(organization.user("admin").msp),
                "CORE_PEER_TLS_ENABLED": "true",
                "CORE_PEER_TLS_ROOTCERT_FILE": str(organization.tls_root),
            },
        )
