"""What mutual TLS needs, as PEM contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from fabric_transport.errors import TlsError


class Insecure(Enum):
    """No TLS at all; given on purpose in the place of certificates, never a default."""

    INSECURE = "insecure"


INSECURE: Final = Insecure.INSECURE


@dataclass(frozen=True, slots=True)
class ServerTls:
    """A server's side of mutual TLS. A client without a certificate of ``client_ca`` is refused.

    :ivar certificate: the server's certificate chain, its own certificate first.
    :ivar key: its private key, unencrypted.
    :ivar client_ca: the CA certificates one of which must have issued the client's certificate.
    """

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes

    def check(self) -> None:
        """Make sure that the parts can be read and fit together.

        :raises TlsError: they do not; says which part.
        """
        try:
            own, *_ = load_pem_x509_certificates(self.certificate)
            own_key = own.public_key()
        except (ValueError, UnsupportedAlgorithm):
            raise TlsError("The TLS certificate is no readable PEM certificate.") from None
        try:
            key = load_pem_private_key(self.key, None)
        except (TypeError, ValueError, UnsupportedAlgorithm):
            raise TlsError("The TLS key is no readable, unencrypted PEM private key.") from None
        try:
            load_pem_x509_certificates(self.client_ca)
        except ValueError:
            raise TlsError("The client CA holds no readable PEM certificate.") from None
        if key.public_key() != own_key:
            raise TlsError("The TLS certificate and key do not fit together.")


@dataclass(frozen=True, slots=True)
class ClientTls:
    """A client's side of TLS.

    :ivar server_ca: the CA certificates one of which must have issued the server's certificate.
    :ivar certificate: the client's certificate; None where the server asks for none.
    :ivar key: its private key, unencrypted.
    :ivar server_name: the name to find in the server's certificate; empty: the address's own.
    """

    server_ca: bytes
    certificate: bytes | None = None
    key: bytes | None = field(repr=False, default=None)
    server_name: str = ""

    def check(self) -> None:
        """Make sure that the parts can be read and fit together.

        :raises TlsError: they do not; says which part.
        """
        _check_authority(self.server_ca, "server")
        if self.certificate is not None and self.key is not None:
            _check_pair(self.certificate, self.key)
        elif self.certificate is not None or self.key is not None:
            raise TlsError("A TLS client certificate and its key belong together; give both or none.")


def _check_authority(content: bytes, side: str) -> None:
    try:
        load_pem_x509_certificates(content)
    except ValueError:
        raise TlsError(f"The {side} CA holds no readable PEM certificate.") from None


def _check_pair(certificate: bytes, private_key: bytes) -> None:
    try:
        own, *_ = load_pem_x509_certificates(certificate)
    except ValueError:
        raise TlsError("The TLS certificate is no readable PEM certificate.") from None
    try:
        key = load_pem_private_key(private_key, None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise TlsError("The TLS key is no readable, unencrypted PEM private key.") from None
    if key.public_key() != own.public_key():
        raise TlsError("The TLS certificate and key do not fit together.")
