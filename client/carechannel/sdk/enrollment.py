"""What an enrolment gives: a key, its certificate, and the chain it hangs on."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Enrollment:
    """An enrolled identity, all PEM. The key is PKCS #8, unencrypted: keep it to its owner."""

    cert_pem: bytes
    key_pem: bytes = field(repr=False)
    ca_chain_pem: bytes

    def private_key(self) -> ec.EllipticCurvePrivateKey:
        """Raises `ValueError` when the key is not an elliptic-curve key."""
        key = serialization.load_pem_private_key(self.key_pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the key of an enrolment has to be an elliptic-curve key (ECDSA)")  # noqa: TRY004
        return key


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh ECDSA P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, unencrypted, as Fabric's keystore wants it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signing_request(
    common_name: str, key: ec.EllipticCurvePrivateKey, hosts: Sequence[str] = ()
) -> x509.CertificateSigningRequest:
    """A PKCS #10 request; `hosts` (DNS names and IP addresses) become its subject alternative names."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder(name)
    if hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
        )
    return builder.sign(key, hashes.SHA256())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
