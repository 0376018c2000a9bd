"""The channel participation API over real TLS: what is sent, what a refusal becomes, who is let in."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from carechannel.sdk.admin import (
    AdministrationError,
    ChannelInfo,
    NodeRefusedError,
    NodeReplyError,
    NodeUnreachableError,
    Participation,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_network.paths import TlsLayout
from fabric_protos.common import configtx_pb2

from tests.unit.sdk.admin.blocks import config_block

PEM = serialization.Encoding.PEM


BLOCK = config_block(configtx_pb2.Config(channel_group=configtx_pb2.ConfigGroup()))
CARE = {
    "name": "regional-care",
    "url": "/",
    "consensusRelation": "consenter",
    "status": "active",
    "height": 1,
}


class Admin(BaseHTTPRequestHandler):
    """Answers as an orderer does; `server.joined` holds its channels, `server.bodies` what it was sent."""

    def do_GET(self) -> None:
        if self.path.endswith("/channels"):
            names = [{"name": name} for name in self.server.joined] or None
            self._reply(200, {"systemChannel": None, "channels": names})
        elif self.path.rpartition("/")[2] in self.server.joined:
            self._reply(200, CARE)
        else:
            self._reply(404, {"error": "channel does not exist"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append((self.headers["Content-Type"], body))
        if self.server.joined:
            self._reply(405, {"error": "cannot join: channel already exists"})
        else:
            self._reply(201, CARE)

    def do_DELETE(self) -> None:
        if self.path.rpartition("/")[2] in self.server.joined:
            self.send_response(204)
            self.end_headers()
        else:
            self._reply(404, {"error": "cannot remove: channel does not exist"})

    def _reply(self, status: int, content: object) -> None:
        data = self.server.instead or json.dumps(content).encode()
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
    running.joined, running.bodies, running.instead = [], [], b""
    running.socket = context.wrap_socket(running.socket, server_side=True)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def at(port: int, admin: TlsLayout, timeout: float = 5.0) -> Participation:
    return Participation(f"127.0.0.1:{port}", admin.ca, admin.certificate, admin.key, timeout=timeout)


@pytest.fixture
def participation(server: ThreadingHTTPServer, admin: TlsLayout) -> Participation:
    return at(server.server_address[1], admin)


async def test_no_channels_and_some(participation: Participation, server: ThreadingHTTPServer) -> None:
    assert await participation.channels() == ()
    server.joined = ["regional-care", "cancer-registry"]
    assert await participation.channels() == ("cancer-registry", "regional-care")


async def test_a_join_sends_the_block(participation: Participation, server: ThreadingHTTPServer) -> None:
    info = await participation.join("regional-care", BLOCK)
    assert info == ChannelInfo("regional-care", "consenter", "active", 1)
    ((kind, body),) = server.bodies
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="config-block"' in body
    assert b"\r\n\r\n" + BLOCK + b"\r\n--" in body


async def test_every_refusal_raises(participation: Participation, server: ThreadingHTTPServer) -> None:
    """osnadmin ends with success then."""
    for call in (participation.info("other"), participation.remove("other")):
        with pytest.raises(NodeRefusedError, match="does not exist") as caught:
            await call
        assert caught.value.status == 404
    server.joined = ["regional-care"]
    with pytest.raises(NodeRefusedError, match="did not join regional-care: cannot join: channel already"):
        await participation.join("regional-care", BLOCK)
    await participation.remove("regional-care")


async def test_another_block_is_not_sent(participation: Participation, server: ThreadingHTTPServer) -> None:
    for wrong in (b"", b"junk", config_block(configtx_pb2.Config(), channel="other")):
        with pytest.raises(AdministrationError):
            await participation.join("regional-care", wrong)
    assert server.bodies == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "x HTTP/1.1\r\nFoo: bar", "a?b", "ü", "\ud800"])
async def test_what_is_no_channel_is_not_asked_for(participation: Participation, name: str) -> None:
    for call in (participation.info(name), participation.remove(name), participation.join(name, BLOCK)):
        with pytest.raises(AdministrationError, match="no name of a channel"):
            await call


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:x", ":7053"])
def test_an_address_has_host_and_port(admin: TlsLayout, address: str) -> None:
    with pytest.raises(AdministrationError, match="no address"):
        Participation(address, admin.ca, admin.certificate, admin.key)


@pytest.mark.parametrize(
    "answer",
    [
        b"junk",
        b"[]",
        b"{}",
        b'{"channels": [{}]}',
        b'{"channels": {}}',
        b'{"channels": ""}',
        b'{"name": 7}',
        b'{"error": "no"}',
        b"[" * 100_000,
        b'{"name": "regional-care", "consensusRelation": "x", "status": "y", "height": Infinity}',
    ],
)
async def test_an_answer_that_cannot_be_read_raises(
    participation: Participation, server: ThreadingHTTPServer, answer: bytes
) -> None:
    server.instead = answer
    server.joined = ["regional-care"]
    with pytest.raises(NodeReplyError):
        await participation.channels()
    with pytest.raises(NodeReplyError):
        await participation.info("regional-care")


async def test_an_orderer_that_is_down_is_named(admin: TlsLayout) -> None:
    with pytest.raises(NodeUnreachableError, match=r"127\.0\.0\.1:1 did not tell its channels"):
        await at(1, admin).channels()


async def test_an_orderer_that_says_nothing_is_given_up(admin: TlsLayout) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(NodeUnreachableError, match="within the time given"):
            await at(silent.getsockname()[1], admin, timeout=0.3).channels()


async def test_a_stranger_and_a_strange_orderer(
    server: ThreadingHTTPServer, admin: TlsLayout, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    other = certificate("other-ca", key.public_key(), None, key), key
    stranger = tls(tmp_path / "stranger", other)
    port = server.server_address[1]
    with pytest.raises(NodeUnreachableError):
        await at(port, stranger).channels()
    shown = Participation(f"127.0.0.1:{port}", admin.ca, stranger.certificate, stranger.key)
    with pytest.raises(NodeUnreachableError):
        await shown.channels()


def test_files_that_cannot_be_used_are_named(admin: TlsLayout, tmp_path: Path) -> None:
    for root, cert, key in (
        (tmp_path / "none", admin.certificate, admin.key),
        (admin.ca, admin.key, admin.key),
        (admin.ca, admin.ca, admin.key),
    ):
        with pytest.raises(AdministrationError, match="client certificate"):
            Participation("127.0.0.1:1", root, cert, key)
