"""A dialled gateway peer, which one or several gateways (identities) use."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from weakref import WeakSet

import fabric_transport
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fabric_gateway._transport import Transport
from fabric_gateway.errors import ClosedError, ConnectionOptionsError

# Peers close connections that ping more often than once a minute.
_LARGEST_PORT = 65535
_OPTIONS = fabric_transport.Options(keepalive_seconds=120.0)


class Connection:
    """A connection to the peer at ``address``, made at the first call and again whenever it is lost.

    Needs a running event loop. Closed by ``aclose`` or ``async with``; that ends the calls of all gateways on
    it, while closing one of these gateways ends that one's calls only.

    Args:
        address: ``host:port`` of the peer, or ``unix:path``.
        tls_root_pem: the TLS root certificates that may have signed the peer's. None: no TLS, which is
            accepted for an address on this machine only.
        server_name: the name in the peer's TLS certificate, where it is not the host of ``address``.
        client_certificate_pem: TLS client certificate for peers that ask for one.
        client_key_pem: its private key.

    Raises:
        ConnectionOptionsError: the address is none, or the TLS options are unreadable, do not fit together
            or are unsafe.
    """

    def __init__(
        self,
        address: str,
        *,
        tls_root_pem: bytes | None = None,
        server_name: str | None = None,
        client_certificate_pem: bytes | None = None,
        client_key_pem: bytes | None = None,
    ) -> None:
        _check_address(address)
        self._address = address
        self._certificate_hash = b""
        self._transports: WeakSet[Transport] = WeakSet()
        tls: fabric_transport.ClientTls | fabric_transport.Insecure = fabric_transport.INSECURE
        if tls_root_pem is not None:
            tls = fabric_transport.ClientTls(
                tls_root_pem, client_certificate_pem, client_key_pem, server_name or ""
            )
        elif (
            not _on_this_machine(address)
            or server_name
            or client_certificate_pem is not None
            or client_key_pem is not None
        ):
            raise ConnectionOptionsError(
                f"{address} would be spoken to without TLS; give tls_root_pem, the TLS root of its peer"
            )
        try:
            self._connection = fabric_transport.connect(address, tls, _OPTIONS)
        except fabric_transport.TlsError as error:
            raise ConnectionOptionsError(f"no TLS to {address} with these options: {error}") from error
        if client_certificate_pem is not None:
            certificate = x509.load_pem_x509_certificate(client_certificate_pem)
            self._certificate_hash = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()

    @property
    def address(self) -> str:
        """As given."""
        return self._address

    @property
    def closed(self) -> bool:
        """Whether this side has closed it."""
        return self._connection.closed

    @property
    def tls_client_certificate_hash(self) -> bytes:
        """SHA-256 of the TLS client certificate in DER; empty without one."""
        return self._certificate_hash

    async def aclose(self) -> None:
        """End all calls and event streams of all gateways on it. May be repeated."""
        for transport in tuple(self._transports):
            await transport.aclose()
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _transport(self) -> Transport:
        """One gateway's share of it. Raises ClosedError."""
        if self.closed:
            raise ClosedError(f"the connection to {self._address} is closed; make another")
        transport = Transport(self._connection.share(), self._address)
        self._transports.add(transport)
        return transport


def _check_address(address: object) -> None:
    if not isinstance(address, str) or not address or not address.isprintable() or " " in address:
        raise ConnectionOptionsError("the address is not like peer.example.org:7051 or unix:path")
    port = address.rpartition(":")[2]
    # Taken modulo 65536 otherwise, which is the port of somebody else.
    if port.isdecimal() and int(port[:9]) > _LARGEST_PORT:
        raise ConnectionOptionsError(f"{address} has no port: ports go up to {_LARGEST_PORT}")
    if "://" in address and not address.startswith(("dns:", "unix:")):
        raise ConnectionOptionsError(f"{address} begins with a scheme; give host:port alone")


def _on_this_machine(address: str) -> bool:
    if address.startswith(("unix:", "localhost:")):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
