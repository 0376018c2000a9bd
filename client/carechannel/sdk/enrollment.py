"""What an enrolment gives: a key, its certificate, and the chain it hangs on."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.sdk.errors import CaRequestError

IdentityType = Literal["client", "peer", "orderer", "admin"]
"""Becomes the organisational unit of every certificate, by which an MSP with NodeOUs tells roles apart."""


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

    def certificate(self) -> x509.Certificate:
        """Raises `CaRequestError` when it is none in PEM."""
        try:
            return x509.load_pem_x509_certificate(self.cert_pem)
        except ValueError as error:
            raise CaRequestError("What stands for a certificate is none in PEM.") from error

    def common_name(self) -> str:
        """The name that it is enrolled under."""
        return common_name(self.certificate())

    def checked_key(self) -> ec.EllipticCurvePrivateKey:
        """The key, if it can sign requests to a CA and the certificate is for it.

        Raises `CaRequestError`.
        """
        certified = self.certificate().public_key()
        try:
            key = self.private_key()
        except (ValueError, TypeError) as error:
            raise CaRequestError(
                "A CA is asked with an unencrypted ECDSA key in PEM; this is none."
            ) from error
        if not isinstance(key.curve, ec.SECP256R1):
            raise CaRequestError(f"A CA is asked with a key on the curve P-256, not {key.curve.name}.")
        if key.public_key() != certified:
            raise CaRequestError("Certificate and private key do not belong together; enrol again.")
        return key


def common_name(certificate: x509.Certificate) -> str:
    """The subject's common name, "" where there is none."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


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
    """A PKCS #10 request; `hosts` (DNS names and IP addresses) become its subject alternative names.

    Raises `CaRequestError`: the name is longer than 64 letters, or a host is not ASCII.
    """
    try:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        builder = x509.CertificateSigningRequestBuilder(name)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
            )
    except ValueError as error:
        raise CaRequestError(f"No certificate can be asked for with that name and hosts: {error}.") from error
    return builder.sign(key, hashes.SHA256())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
