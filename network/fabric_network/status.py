"""What every node of a network does right now."""

from __future__ import annotations

import http.client
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from rich.table import Table

from fabric_network.paths import Layout
from fabric_network.ports import LOOPBACK
from fabric_network.services import environment_file, external_probe, service
from fabric_network.topology import Node, NodeKind, Topology
from fabric_network.up import native_runner

PATIENCE = 1.0
OK, DOWN, FAILING = "ok", "down", "failing"
PEER_HEIGHT = re.compile(r'^ledger_blockchain_height\{channel="([^"]+)"\} (\S+)$', re.MULTILINE)
ORDERER_HEIGHT = re.compile(
    r'^consensus_etcdraft_committed_block_number\{channel="([^"]+)"\} (\S+)$', re.MULTILINE
)


@dataclass(frozen=True)
class NodeStatus:
    """`health` is "ok", "down" or what is wrong. `heights` are ledger heights by channel.

    `environment` is the file with what a chaincode needs to know that its developer runs.
    """

    node: str
    role: str
    organization: str
    pid: int | None
    port: int | None
    health: str
    heights: dict[str, int]
    certificate_expires: datetime | None
    environment: Path | None = None


@dataclass(frozen=True)
class NetworkStatus:
    name: str
    nodes: tuple[NodeStatus, ...]

    @property
    def healthy(self) -> bool:
        return all(node.health == OK for node in self.nodes)


def network_status(topology: Topology, layout: Layout) -> NetworkStatus:
    """Ask every node. Nothing is changed."""
    running = native_runner(topology, layout).running()
    nodes = []
    for node in topology.nodes():
        process = running.get(node.name)
        external = topology.is_external(node)
        if external:
            health = DOWN if external_probe(layout, node)(0) else OK
        else:
            health = DOWN if process is None else service(topology, layout, node).probe(process.pid) or OK
        nodes.append(
            NodeStatus(
                node=node.name,
                role=node.kind.value,
                organization=node.organization,
                pid=process.pid if process else None,
                port=None if node.kind is NodeKind.AGENT else node.listen,
                health=health,
                heights=_heights(node) if health == OK else {},
                certificate_expires=_expiry(layout, node),
                environment=environment_file(layout, node) if external else None,
            )
        )
    return NetworkStatus(topology.name, tuple(nodes))


def to_json(status: NetworkStatus) -> dict[str, object]:
    nodes = [
        {
            **asdict(node),
            "certificate_expires": node.certificate_expires.isoformat() if node.certificate_expires else None,
            "environment": str(node.environment) if node.environment else None,
        }
        for node in status.nodes
    ]
    return {"name": status.name, "healthy": status.healthy, "nodes": nodes}


def to_tables(status: NetworkStatus) -> tuple[Table, ...]:
    """Nodes, ledger heights by channel, what is wrong, what the developer runs; at most 80 columns wide."""
    tables = [_node_table(status), _height_table(status), _failure_table(status), _external_table(status)]
    return tuple(table for table in tables if table.row_count)


def _node_table(status: NetworkStatus) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("NODE", no_wrap=True)
    table.add_column("ROLE", no_wrap=True)
    table.add_column("PID", justify="right", no_wrap=True)
    table.add_column("PORT", justify="right", no_wrap=True)
    table.add_column("HEALTH")
    table.add_column("CERTIFICATE UNTIL", no_wrap=True)
    for node in status.nodes:
        expires = node.certificate_expires
        table.add_row(
            node.node,
            node.role,
            str(node.pid or "-"),
            str(node.port or "-"),
            node.health if node.health in (OK, DOWN) else FAILING,
            expires.date().isoformat() if expires else "-",
        )
    return table


def _height_table(status: NetworkStatus) -> Table:
    heights: dict[str, dict[int, list[str]]] = {}
    for node in status.nodes:
        for channel, height in node.heights.items():
            heights.setdefault(channel, {}).setdefault(height, []).append(node.node)
    table = Table(box=None, pad_edge=False)
    table.add_column("CHANNEL", no_wrap=True)
    table.add_column("HEIGHT", justify="right")
    table.add_column("AT")
    for channel, nodes in sorted(heights.items()):
        for height, names in sorted(nodes.items(), reverse=True):
            table.add_row(channel, str(height), ", ".join(names))
    return table


def _failure_table(status: NetworkStatus) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(FAILING.upper(), no_wrap=True)
    table.add_column("WHY")
    for node in status.nodes:
        if node.health not in (OK, DOWN):
            table.add_row(node.node, node.health)
    return table


def _external_table(status: NetworkStatus) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("YOURS TO RUN", no_wrap=True)
    table.add_column("WITH THE ENVIRONMENT OF", overflow="fold")
    for node in status.nodes:
        if node.environment is not None:
            table.add_row(node.node, _shortened(node.environment))
    return table


def _shortened(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _heights(node: Node) -> dict[str, int]:
    match node.kind:
        case NodeKind.PEER:
            return {channel: int(float(height)) for channel, height in PEER_HEIGHT.findall(_metrics(node))}
        case NodeKind.ORDERER:
            # The metric is the number of the last block, the height one more.
            found = ORDERER_HEIGHT.findall(_metrics(node))
            return {channel: int(float(number)) + 1 for channel, number in found}
        case _:
            return {}


def _metrics(node: Node) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, node.operations, timeout=PATIENCE)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def _expiry(layout: Layout, node: Node) -> datetime | None:
    file = _certificate(layout, node)
    if not file.is_file():
        return None
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.astimezone(UTC)


def _certificate(layout: Layout, node: Node) -> Path:
    organization = layout.organization(node.organization)
    match node.kind:
        case NodeKind.CA:
            return organization.ca.tls_certificate
        case NodeKind.ORDERER:
            return organization.orderer(node.index).tls.certificate
        case NodeKind.PEER:
            return organization.peer(node.index).tls.certificate
        case NodeKind.CHAINCODE:
            return organization.chaincode.server_certificate
        case NodeKind.AGENT:
            return organization.user("node").msp / "signcerts" / "cert.pem"
