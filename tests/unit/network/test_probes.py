"""Probes against real sockets."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from fabric_network.identities import TlsFiles
from fabric_network.probes import connected_to, healthy, speaks_mutual_tls

from tests.unit.network.builders import Root

PID = os.getpid()


@contextmanager
def health(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


TLS_1_3 = ssl.TLSVersion.TLSv1_3


@contextmanager
def tls_server(
    files: TlsFiles,
    client_root: Path | None = None,
    version: ssl.TLSVersion = TLS_1_3,
    greeting: bytes | None = b"settings",
) -> Iterator[int]:
    """Greets and stays; without a `greeting` it says nothing, with None it closes after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.minimum_version = context.maximum_version = version
    if client_root is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_root)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with ExitStack() as held:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    stream = context.wrap_socket(connection, server_side=True)
                    if greeting is None:
                        stream.close()
                        continue
                    held.enter_context(stream)
                    stream.sendall(greeting)
                except OSError:
                    connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    return TlsFiles(tmp_path / "server.crt", tmp_path / "server.key", tmp_path / "ca.crt")


def test_healthy_wants_both_ports(files: TlsFiles) -> None:
    Root.make().write_tls(files, hosts=("127.0.0.1",))
    with tls_server(files) as tls, health(200) as ok, health(503) as ill:
        assert healthy(ok, tls, files.root)(PID) is None
        assert healthy(ill, tls, files.root)(PID) == "its health check answers with status 503"
    assert "operations port" in str(healthy(ok, tls, files.root)(PID))
    with health(200) as ok:
        assert "no TLS connection" in str(healthy(ok, tls, files.root)(PID))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, TLS_1_3])
@pytest.mark.parametrize("greeting", [b"settings", b""])
def test_mutual_tls_wants_a_certificate_that_the_server_accepts(
    files: TlsFiles, tmp_path: Path, version: ssl.TLSVersion, greeting: bytes
) -> None:
    root, stranger = Root.make(), Root.make("stranger")
    root.write_tls(files, hosts=("127.0.0.1",))
    client = TlsFiles(tmp_path / "c.crt", tmp_path / "c.key", tmp_path / "c.ca")
    with tls_server(files, files.root, version, greeting) as tls:
        root.write_tls(client)
        assert speaks_mutual_tls(tls, files.root, client.certificate, client.key)(PID) is None
        stranger.write_tls(client)
        refusal = speaks_mutual_tls(tls, files.root, client.certificate, client.key)(PID)
        assert f"no TLS connection to its port {tls} (" in str(refusal)


def test_mutual_tls_wants_a_server_that_stays(files: TlsFiles, tmp_path: Path) -> None:
    root = Root.make()
    root.write_tls(files, hosts=("127.0.0.1",))
    client = TlsFiles(tmp_path / "c.crt", tmp_path / "c.key", tmp_path / "c.ca")
    root.write_tls(client)
    with tls_server(files, files.root, greeting=None) as tls:
        probe = speaks_mutual_tls(tls, files.root, client.certificate, client.key)
        assert probe(PID) == f"its port {tls} closes the connection after the TLS handshake"


def test_certificate_of_another_root_is_no_answer(files: TlsFiles, tmp_path: Path) -> None:
    Root.make().write_tls(files)
    other = tmp_path / "other.pem"
    other.write_bytes(Root.make("other").pem)
    with tls_server(files) as tls, health(200) as ok:
        assert "CERTIFICATE_VERIFY_FAILED" in str(healthy(ok, tls, other)(PID))


def test_connection_of_a_process_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        probe = connected_to(port, "peer0.a")
        assert probe(PID) == "it has no connection to peer0.a"
        with socket.create_connection(("127.0.0.1", port)):
            assert probe(PID) is None
