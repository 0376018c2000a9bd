"""Certificates and MSP folders for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class TestCa:
    """A certificate authority."""

    __test__ = False

    def __init__(self, name: str = "ca"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.issue(name, self.key.public_key())

    def issue(
        self,
        common_name: str,
        public_key: ec.EllipticCurvePublicKey,
        starts: timedelta = timedelta(hours=-1),
        ends: timedelta = timedelta(hours=1),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + starts)
            .not_valid_after(now + ends)
            .sign(self.key, hashes.SHA256())
        )


def pem(value: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    if isinstance(value, x509.Certificate):
        return value.public_bytes(serialization.Encoding.PEM)
    return value.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_msp(
    folder: Path, certificate: bytes, key: bytes, issuer: bytes | None = None, name: str = "msp"
) -> Path:
    for part, content in (
        ("signcerts/cert.pem", certificate),
        ("keystore/key.pem", key),
        ("cacerts/ca.pem", issuer),
    ):
        if content is not None:
            path = folder / name / part
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder
