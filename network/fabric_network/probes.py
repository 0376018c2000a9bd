"""Whether a node answers as it should. A probe waits a second at most for each answer and never raises."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path

import psutil

from fabric_network.ports import LOOPBACK
from fabric_network.runners.runner import Probe

PATIENCE = 1.0
REFUSAL_PATIENCE = 0.5
"""How long a server that has shaken hands may take to refuse the client's certificate, in seconds."""
HTTP_OK = 200


def healthy(operations_port: int, tls_port: int, root: Path) -> Probe:
    """`/healthz` of Fabric's operations service says OK, and the node's own port speaks TLS under `root`."""

    def probe(_pid: int) -> str | None:
        return _health(operations_port) or _handshake(tls_port, root, None)

    return probe


def speaks_mutual_tls(port: int, root: Path, certificate: Path, key: Path) -> Probe:
    """The port accepts a client that shows `certificate`.

    In TLS 1.3 the client's side of the handshake ends before the server has judged the certificate (RFC 8446,
    appendix E.1.2): a refusal comes as an alert, or as the end of the connection, where the first data would
    be. A gRPC server sends its settings there; one that stays and says nothing has not refused.
    """

    def probe(_pid: int) -> str | None:
        return _handshake(port, root, (certificate, key))

    return probe


def connected_to(port: int, what: str) -> Probe:
    """For a process that listens nowhere: it has a connection to `port`, which is `what`."""

    def probe(pid: int) -> str | None:
        try:
            connections = psutil.Process(pid).net_connections("tcp")
        except psutil.Error as error:
            return f"its connections cannot be seen ({type(error).__name__})"
        if any(
            one.raddr and one.raddr[1] == port and one.status == psutil.CONN_ESTABLISHED
            for one in connections
        ):
            return None
        return f"it has no connection to {what}"

    return probe


def _health(port: int) -> str | None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"its operations port {port} does not answer ({type(error).__name__})"
    finally:
        connection.close()
    return None if status == HTTP_OK else f"its health check answers with status {status}"


def _handshake(port: int, root: Path, client: tuple[Path, Path] | None) -> str | None:
    try:
        context = ssl.create_default_context(cafile=str(root))
        context.set_alpn_protocols(["h2", "http/1.1"])
        if client is not None:
            context.load_cert_chain(*client)
        with (
            socket.create_connection((LOOPBACK, port), PATIENCE) as connection,
            context.wrap_socket(connection, server_hostname=LOOPBACK) as stream,
        ):
            if client is not None and _is_closed(stream):
                return f"its port {port} closes the connection after the TLS handshake"
            return None
    except (OSError, ValueError) as error:
        return f"no TLS connection to its port {port} ({type(error).__name__}: {error})"


def _is_closed(stream: ssl.SSLSocket) -> bool:
    """Whether the other side ends the connection. Raises `OSError` if it does so with an alert or a reset."""
    stream.settimeout(REFUSAL_PATIENCE)
    try:
        return not stream.recv(1)
    except TimeoutError:
        return False
