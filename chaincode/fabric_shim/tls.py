"""The PEM files of TLS: read, and watched for changes."""

from __future__ import annotations

import logging
import ssl
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates
from fabric_transport import ServerTls

from fabric_shim.errors import ConfigurationError

_log = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """The PEM files of mutual TLS.

    :ivar certificate: the chaincode server's certificate chain.
    :ivar key: its private key, PKCS#8.
    :ivar client_ca: the CA certificates one of which must have issued the peer's client certificate.
    """

    certificate: Path
    key: Path
    client_ca: Path

    def read(self) -> ServerTls:
        """Read the files.

        :raises ConfigurationError: one cannot be read; the message names it.
        """
        return ServerTls(_read(self.certificate), _read(self.key), _read(self.client_ca))

    def stamp(self) -> Stamp:
        """Tell one state of the files from another, through symbolic links. A missing file has one too."""
        return tuple(_stamp(path) for path in (self.certificate, self.key, self.client_ca))

    def warn_if_outdated(self, used: ServerTls) -> None:
        """Warn of certificates that fail by their dates: the server's own, and the client CAs.

        :param used: what :meth:`read` gave, and can be used.
        """
        now = datetime.now(UTC)
        for path, content in ((self.certificate, used.certificate), (self.client_ca, used.client_ca)):
            for certificate in load_pem_x509_certificates(content):
                if certificate.not_valid_after_utc < now:
                    _log.warning("A certificate in %s has expired; connections with it fail", path)
                elif certificate.not_valid_before_utc > now:
                    _log.warning("A certificate in %s is not valid yet; connections with it fail", path)

    def warn_if_exposed(self) -> None:
        """Warn of a key that every user of the machine can read."""
        if self.key.stat().st_mode & stat.S_IROTH:
            _log.warning("The TLS key %s can be read by everybody on this machine; chmod o-r it", self.key)


@dataclass(frozen=True, slots=True)
class OperationsTls:
    """PEM files of the operations listener.

    :ivar client_ca: when given, ``/metrics`` needs a client certificate of it (``/healthz`` does not, as on a
        peer).
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Load the files.

        :raises ConfigurationError: they cannot be used.
        """
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # Without a password OpenSSL would ask the terminal for an encrypted key's, and wait.
            context.load_cert_chain(self.certificate, self.key, password="")
            if self.client_ca is not None:
                context.load_verify_locations(self.client_ca)
                context.verify_mode = ssl.CERT_OPTIONAL
        except OSError as error:
            raise ConfigurationError(
                f"The TLS files of the operations listener cannot be used ({type(error).__name__}): "
                f"{self.certificate}, {self.key}. The key must be an unencrypted PEM key of the certificate."
            ) from None
        return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The TLS file {path} cannot be read: {error.strerror}.") from None


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)
