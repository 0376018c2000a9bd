"""Which port each node takes, and whether it is free. Every node listens on loopback."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

import psutil

from fabric_network.errors import PortBusyError

LOOPBACK = "127.0.0.1"
LAST_PORT = 65535
SHOWN = 5
"""How many busy ports a message names: with more it is most likely another whole network."""


class PortUse(StrEnum):
    """What a node does on one of its ports."""

    LISTEN = "listen"
    """The node's service (of an orderer: clients and the Raft cluster; of a peer: clients and gossip)."""
    OPERATIONS = "operations"
    """Health and metrics."""
    ADMIN = "admin"
    """Channel participation of an orderer."""
    CHAINCODE = "chaincode"
    """Where a peer takes chaincodes that it started itself; Fabric opens it even when nothing uses it."""


def allocate(
    base: int,
    demands: Iterable[tuple[str, Iterable[PortUse]]],
    fixed: Mapping[str, Mapping[PortUse, int]],
) -> dict[str, dict[PortUse, int]]:
    """Ports by node name: those in `fixed`, and for the rest one after the other from `base`, in order.

    The result depends on the arguments alone. Raises `OverflowError` when the ports run past 65535.
    """
    taken = {port for ports in fixed.values() for port in ports.values()}
    allocated: dict[str, dict[PortUse, int]] = {}
    port = base
    for node, uses in demands:
        allocated[node] = {}
        for use in uses:
            wanted = fixed.get(node, {}).get(use)
            if wanted is None:
                while port in taken:
                    port += 1
                wanted, port = port, port + 1
            if wanted > LAST_PORT:
                raise OverflowError(f"{node} would need port {wanted}")
            allocated[node][use] = wanted
    return allocated


def check_free(ports: Mapping[int, str], own: Collection[int] = ()) -> None:
    """Raise `PortBusyError` unless each of `ports` (port → what it is for) can be listened on.

    The message names busy ports, what needs them, and the process that holds it where the system tells.
    `own` are process ids of this network: the ports that they hold count as free.
    """
    busy = [port for port in ports if not _is_free(port)]
    if not busy:
        return
    holders = _holders(busy)
    busy = [port for port in busy if holders.get(port) not in own]
    if not busy:
        return
    lines = [f"port {port} ({ports[port]}) is held by {_describe(holders.get(port))}" for port in busy]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"{len(lines) - SHOWN} more of its ports are held too"]
    raise PortBusyError(
        ";\n".join(lines) + ".\nStop what holds them, or give another first port (PORTS=, or --ports)."
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As Go's listener does: a port whose old connections are in TIME_WAIT can be listened on.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _holders(ports: Collection[int]) -> dict[int, int | None]:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return {}
    return {
        connection.laddr.port: connection.pid
        for connection in connections
        if connection.laddr and connection.laddr.port in ports and connection.status == psutil.CONN_LISTEN
    }


def _describe(pid: int | None) -> str:
    if pid is None:
        return "another process"
    try:
        return f"process {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"process {pid}"
