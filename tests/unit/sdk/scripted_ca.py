"""A TLS server that answers a CA's clients with whatever bytes a test says, or breaks off, or dawdles."""

from __future__ import annotations

import base64
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from carechannel.sdk.enrollment import key_to_pem, new_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

Act = Callable[[ssl.SSLSocket], None]


@dataclass
class Issuer:
    """A root with its key, which certifies as a CA does."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    name: str = "scripted root"

    @cached_property
    def certificate(self) -> x509.Certificate:
        return self.issue(self.name, self.key.public_key(), ca=True)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        *,
        ca: bool = False,
        begins: timedelta = timedelta(minutes=-5),
        ends: timedelta = timedelta(hours=1),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)])
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(alternative, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )

    def crl(self) -> bytes:
        now = datetime.now(UTC)
        issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)])
        builder = (
            x509.CertificateRevocationListBuilder(issuer)
            .last_update(now)
            .next_update(now + timedelta(days=1))
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class ScriptedCa:
    """Answers each connection by `act`; keeps the requests."""

    url: str
    root: Path
    issuer: Issuer
    act: Act
    requests: list[bytes] = field(default_factory=list)

    def answers(self, result: object, *, status: int = 200, success: object = True) -> None:
        """From now on: a well-formed answer with this result."""
        errors = [] if success is True else [{"code": 20, "message": "Authentication failure"}]
        content = {"result": result, "errors": errors, "messages": [], "success": success}
        self.act = replies(json.dumps(content).encode(), status=status)

    def certifies(self, certificate: bytes, chain: bytes) -> None:
        """From now on: the answer to an enrolment."""
        info = {"CAName": "", "CAChain": text(chain), "Version": "1.5.15"}
        self.answers({"Cert": text(certificate), "ServerInfo": info})


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def replies(body: bytes, *, status: int = 200, announced: int | None = None) -> Act:
    """An HTTP answer; `announced` is a length that need not be the body's."""

    def act(connection: ssl.SSLSocket) -> None:
        length = len(body) if announced is None else announced
        connection.sendall(f"HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n".encode() + body)

    return act


def cut(after: bytes) -> Act:
    """Some bytes, then the TCP connection ends without TLS having said so."""

    def act(connection: ssl.SSLSocket) -> None:
        connection.sendall(after)
        socket.socket.shutdown(connection, socket.SHUT_RDWR)

    return act


def drip(connection: ssl.SSLSocket) -> None:
    """An answer that goes on and on, a byte at a time: no wait for a byte is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


def silent(connection: ssl.SSLSocket) -> None:
    """Nothing, until the other side goes."""
    connection.recv(1)


@contextmanager
def scripted_ca(folder: Path) -> Iterator[ScriptedCa]:
    issuer, key = Issuer(), new_key()
    (folder / "root.pem").write_bytes(issuer.pem)
    (folder / "cert.pem").write_bytes(issuer.issue("127.0.0.1", key.public_key()).public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key_to_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        made = ScriptedCa(url, folder / "root.pem", issuer, replies(b""))
        threading.Thread(target=_serve, args=(listener, context, made), daemon=True).start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, context: ssl.SSLContext, script: ScriptedCa) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(plain, context, script), daemon=True).start()


def _answer(plain: socket.socket, context: ssl.SSLContext, script: ScriptedCa) -> None:
    with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as connection:
        script.requests.append(_request(connection))
        script.act(connection)


def _request(connection: ssl.SSLSocket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
