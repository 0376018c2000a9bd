"""The channel participation API over real TLS: what is sent, what a refusal becomes, who is let in."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_network.errors import ChannelError
from fabric_network.participation import Participation
from fabric_network.paths import TlsLayout
from fabric_network.topology import Node, NodeKind

PEM = serialization.Encoding.PEM


class Admin(BaseHTTPRequestHandler):
    """Answers as an orderer does; `server.joined` holds its channels, `server.bodies` what it was sent."""

    def do_GET(self) -> None:
        self._reply(
            200, {"systemChannel": None, "channels": [{"name": n} for n in self.server.joined] or None}
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.headers["Content-Type"], body))
        if b"bad block" in body:
            self._reply(400, {"error": "cannot join: bad block"})
        else:
            self._reply(201, {"name": "regional-care"})

    def _reply(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


def tls(folder: Path, ca: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> TlsLayout:
    key = ec.generate_private_key(ec.SECP256R1())
    issued = certificate(folder.name, key.public_key(), *ca)
    folder.mkdir()
    (folder / "server.crt").write_bytes(issued.public_bytes(PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "ca.crt").write_bytes(ca[0].public_bytes(PEM))
    return TlsLayout(folder)


def certificate(
    name: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate | None,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(hours=1)
    builder = x509.CertificateBuilder(
        issuer.subject if issuer else subject, subject, public_key, x509.random_serial_number(),
        start, start + timedelta(days=1),
    )  # fmt: skip
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    usage |= {"digital_signature": True, "key_cert_sign": issuer is None}
    return (
        builder.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )


@pytest.fixture
def ca() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    return certificate("ca", key.public_key(), None, key), key


@pytest.fixture
def admin(tmp_path: Path, ca: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> TlsLayout:
    return tls(tmp_path / "admin", ca)


@pytest.fixture
def server(
    tmp_path: Path, admin: TlsLayout, ca: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
) -> Iterator[ThreadingHTTPServer]:
    own = tls(tmp_path / "orderer", ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(admin.ca)
    running = ThreadingHTTPServer(("127.0.0.1", 0), Admin)
    running.joined, running.bodies = [], []
    running.socket = context.wrap_socket(running.socket, server_side=True)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def participation(server: ThreadingHTTPServer, admin: TlsLayout) -> Participation:
    ports = {"admin": server.server_address[1]}
    return Participation(
        Node(NodeKind.ORDERER, "hospital-a", "orderer0", 0, "hospital-a.example", ports), admin
    )


def test_no_channels_and_some(participation: Participation, server: ThreadingHTTPServer) -> None:
    assert participation.channels() == set()
    server.joined = ["regional-care", "cancer-registry"]
    assert participation.channels() == {"regional-care", "cancer-registry"}


def test_a_join_sends_the_genesis_block(
    participation: Participation, server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    block = tmp_path / "genesis.block"
    block.write_bytes(b"\x00genesis\xff")
    participation.join("regional-care", block)
    ((kind, body),) = server.bodies
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="config-block"' in body
    assert b"\r\n\r\n\x00genesis\xff\r\n--" in body


def test_a_refusal_says_why_and_where_to_look(participation: Participation, tmp_path: Path) -> None:
    block = tmp_path / "genesis.block"
    block.write_bytes(b"bad block")
    with pytest.raises(ChannelError, match=r"orderer0\.hospital-a did not join .*bad block.*logs orderer0"):
        participation.join("regional-care", block)


def test_an_orderer_that_is_down_is_named(admin: TlsLayout) -> None:
    node = Node(NodeKind.ORDERER, "hospital-a", "orderer0", 0, "hospital-a.example", {"admin": 1})
    with pytest.raises(ChannelError, match=r"orderer0\.hospital-a does not answer on its admin port"):
        Participation(node, admin).channels()
