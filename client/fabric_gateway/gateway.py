"""The connection of one identity to the Fabric Gateway service of one peer."""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fabric_gateway import _messages
from fabric_gateway._session import Session
from fabric_gateway._transport import GrpcTransport
from fabric_gateway.errors import IdentityError
from fabric_gateway.identity import Identity
from fabric_gateway.network import Network
from fabric_gateway.signers import EcdsaSigner, Hash, Signer, sha256
from fabric_gateway.timeouts import Timeouts


class Gateway:
    """Made by :func:`connect`. Any number of tasks may use it; closed by ``aclose`` or ``async with``."""

    def __init__(self, identity: Identity, session: Session) -> None:
        self._identity = identity
        self._session = session

    @property
    def identity(self) -> Identity:
        return self._identity

    def network(self, channel: str) -> Network:
        """The network (channel) with that name. Nothing is sent: an unknown one fails at the first call."""
        return Network(self._session, channel)

    async def aclose(self) -> None:
        """End all calls and event streams and close the connection. May be repeated."""
        await self._session.transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


async def connect(
    *,
    address: str,
    identity: Identity,
    signer: Signer,
    tls_root_pem: bytes | None = None,
    server_name: str | None = None,
    client_certificate_pem: bytes | None = None,
    client_key_pem: bytes | None = None,
    timeouts: Timeouts | None = None,
    hash: Hash = sha256,
) -> Gateway:
    """A gateway to the peer at ``address``. The connection is made at the first call.

    Args:
        address: ``host:port`` of the peer, or ``unix:path``.
        identity: who calls. Its dates are checked here, and its key where the signer shows it.
        signer: signs digests with the key of the identity, see :mod:`fabric_gateway.signers`.
        tls_root_pem: the TLS root certificates that may have signed the peer's. None: no TLS, which is
            accepted for an address on this machine only.
        server_name: the name in the peer's TLS certificate, where it is not the host of ``address``.
        client_certificate_pem: TLS client certificate for peers that ask for one.
        client_key_pem: its private key.
        timeouts: limits of each step.
        hash: digest of what is signed; peers verify SHA-256 with ECDSA.

    Raises:
        IdentityError: the certificate is unreadable or outside its dates, or the key is another's.
        ConnectionOptionsError: the TLS options are incomplete or unsafe.
    """
    identity.check_validity()
    if isinstance(signer, EcdsaSigner) and signer.public_key != identity.certificate.public_key():
        raise IdentityError(
            f"the private key does not belong to the certificate of this {identity.msp_id} identity"
        )
    transport = GrpcTransport(
        address,
        tls_root_pem=tls_root_pem,
        server_name=server_name,
        client_certificate_pem=client_certificate_pem,
        client_key_pem=client_key_pem,
    )
    session = Session(
        transport=transport,
        creator=_messages.serialized_identity(identity),
        signer=signer,
        hash=hash,
        timeouts=timeouts or Timeouts(),
        tls_certificate_hash=_certificate_hash(client_certificate_pem),
    )
    return Gateway(identity, session)


def _certificate_hash(certificate_pem: bytes | None) -> bytes:
    if certificate_pem is None:
        return b""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
    except ValueError as error:
        raise IdentityError("the TLS client certificate is not X.509 in PEM") from error
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
