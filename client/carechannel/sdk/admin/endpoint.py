"""Where a node listens, and how it is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from carechannel.sdk.errors import AdministrationError

TIMEOUT = 30.0


@dataclass(frozen=True)
class Endpoint:
    """A peer's or an orderer's gRPC port; TLS always.

    `address` is `host:port`; `tls_root_pem` the certificate of the TLS CA that its certificate comes from;
    `server_name` the name in its certificate where that is not the host of `address`. A node that asks for a
    client's TLS certificate is shown `client_certificate_pem`. `timeout`, in seconds, is for each call.
    Raises `AdministrationError` when the address or a certificate cannot be used.
    """

    address: str
    tls_root_pem: bytes
    server_name: str = ""
    client_certificate_pem: bytes | None = None
    client_key_pem: bytes | None = field(default=None, repr=False)
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        host, _, port = self.address.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()):
            raise AdministrationError(
                f"{self.address!r} is no address: give host:port, such as peer0.example:7051."
            )
        if self.timeout <= 0:
            raise AdministrationError(f"The time limit for {self.address} has to be more than 0 seconds.")
        if (self.client_certificate_pem is None) != (self.client_key_pem is None):
            raise AdministrationError(
                f"For {self.address}, give the TLS client certificate and its key, or neither."
            )
        _certificate(self.tls_root_pem, f"TLS root of {self.address}")
        if self.client_certificate_pem is not None:
            _certificate(self.client_certificate_pem, f"TLS client certificate for {self.address}")

    @property
    def client_certificate_hash(self) -> bytes:
        """SHA-256 of the TLS client certificate (DER), by which Fabric ties a request to its connection."""
        if self.client_certificate_pem is None:
            return b""
        certificate = _certificate(self.client_certificate_pem, "TLS client certificate")
        return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


def _certificate(pem: bytes, what: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise AdministrationError(f"The {what} is not a certificate in PEM.") from error
