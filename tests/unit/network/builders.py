"""Topologies and certificates for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from carechannel.sdk.enrollment import key_to_pem, new_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_network.identities import TlsFiles
from fabric_network.material import write_msp, write_tls
from fabric_network.topology import Topology, load

DEV = Path(__file__).parents[3] / "network" / "topologies" / "dev.yaml"


def dev_topology(base_port: int = 17000) -> Topology:
    return load(DEV, base_port=base_port)


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass(frozen=True)
class Root:
    """A CA that issues on the spot."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, name: str = "root") -> Root:
        key, now = new_key(), datetime.now(UTC)
        builder = x509.CertificateBuilder(
            _name(name), _name(name), key.public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
        key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return cls(key, builder.add_extension(key_id, critical=False).sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        name: str,
        *,
        hosts: tuple[str, ...] = (),
        lifetime: timedelta = timedelta(days=1),
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> tuple[bytes, bytes]:
        """Certificate and key, PEM."""
        key = key or new_key()
        end = datetime.now(UTC) + lifetime
        builder = x509.CertificateBuilder(
            self.certificate.subject, _name(name), key.public_key(), x509.random_serial_number()
        )
        builder = builder.not_valid_before(end - timedelta(days=2)).not_valid_after(end)
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer_id, critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM), key_to_pem(key)

    def write_msp(
        self, folder: Path, name: str = "somebody", *, clients: bool = True, **options: object
    ) -> None:
        write_msp(folder, self.pem, *self.issue(name, **options), clients=clients)  # type: ignore[arg-type]

    def write_tls(self, files: TlsFiles, name: str = "somebody", **options: object) -> None:
        write_tls(files, self.pem, *self.issue(name, **options))  # type: ignore[arg-type]
