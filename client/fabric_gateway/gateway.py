"""The sessions of one identity with the Fabric Gateway service of one peer."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from fabric_gateway import _arguments, _messages
from fabric_gateway._session import Session
from fabric_gateway._signable import check_signature
from fabric_gateway.commit import Commit
from fabric_gateway.connection import Connection
from fabric_gateway.errors import ArgumentError, ConnectionOptionsError, IdentityError
from fabric_gateway.events_request import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from fabric_gateway.hash import Hash
from fabric_gateway.identity import Identity
from fabric_gateway.network import Network
from fabric_gateway.proposal import Proposal
from fabric_gateway.signers import Signer, agreed_hash
from fabric_gateway.timeouts import Timeouts
from fabric_gateway.transaction import Transaction

_SHA256_BYTES = 32


class Gateway:
    """Made by :func:`connect`. Any number of tasks may use it; closed by ``aclose`` or ``async with``.

    The ``new_…`` methods re-create what :attr:`Proposal.bytes` and its like serialized, here or by Fabric's
    client in another language: ``new_signed_…`` with the signature of its digest, made wherever the key is.
    The bytes are checked as far as they say what they are; a signature that does not fit them is the peer's
    to refuse.
    """

    def __init__(self, identity: Identity, session: Session, owned: Connection | None) -> None:
        self._identity = identity
        self._session = session
        self._owned = owned

    @property
    def identity(self) -> Identity:
        """Whose calls these are."""
        return self._identity

    @property
    def closed(self) -> bool:
        """Whether the gateway, or the connection that it shares, was closed."""
        return self._session.transport.closed

    def network(self, channel: str) -> Network:
        """The network (channel) with that name. Nothing is sent: an unknown one fails at the first call.

        Raises:
            ArgumentError: the name is no str.
        """
        return Network(self._session, _arguments.text(channel, "the channel's name"))

    def new_proposal(self, content: bytes) -> Proposal:
        """The proposal with these ``bytes``, signed if they hold a signature.

        Raises:
            SignableError: the bytes are not a proposal's.
        """
        return Proposal.from_bytes(self._session, content)

    def new_signed_proposal(self, content: bytes, signature: bytes) -> Proposal:
        """The proposal with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not a proposal's, or the signature is empty.
        """
        return Proposal.from_bytes(self._session, content, check_signature(signature))

    def new_transaction(self, content: bytes) -> Transaction:
        """The endorsed transaction with these ``bytes``, signed if they hold a signature.

        Raises:
            SignableError: the bytes are not a transaction's.
        """
        return Transaction.from_bytes(self._session, content)

    def new_signed_transaction(self, content: bytes, signature: bytes) -> Transaction:
        """The endorsed transaction with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not a transaction's, or the signature is empty.
        """
        return Transaction.from_bytes(self._session, content, check_signature(signature))

    def new_commit(self, content: bytes) -> Commit:
        """The commit with these ``bytes``, signed if they hold a signature.

        Raises:
            SignableError: the bytes are not a commit's.
        """
        return Commit.from_bytes(self._session, content)

    def new_signed_commit(self, content: bytes, signature: bytes) -> Commit:
        """The commit with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not a commit's, or the signature is empty.
        """
        return Commit.from_bytes(self._session, content, check_signature(signature))

    def new_chaincode_events_request(self, content: bytes) -> ChaincodeEventsRequest:
        """The request for chaincode events with these ``bytes``, signed if they hold a signature.

        Raises:
            SignableError: the bytes are not such a request's.
        """
        return ChaincodeEventsRequest.from_bytes(self._session, content)

    def new_signed_chaincode_events_request(self, content: bytes, signature: bytes) -> ChaincodeEventsRequest:
        """The request for chaincode events with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not such a request's, or the signature is empty.
        """
        return ChaincodeEventsRequest.from_bytes(self._session, content, check_signature(signature))

    def new_block_events_request(self, content: bytes) -> BlockEventsRequest:
        """The request for block events with these ``bytes``, signed if they hold a signature.

        Raises:
            SignableError: the bytes are not such a request's.
        """
        return BlockEventsRequest.from_bytes(self._session, content)

    def new_signed_block_events_request(self, content: bytes, signature: bytes) -> BlockEventsRequest:
        """The request for block events with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not such a request's, or the signature is empty.
        """
        return BlockEventsRequest.from_bytes(self._session, content, check_signature(signature))

    def new_filtered_block_events_request(self, content: bytes) -> FilteredBlockEventsRequest:
        """The request for filtered block events with these ``bytes``, signed if they hold a signature.

        Raises:
            SignableError: the bytes are not such a request's.
        """
        return FilteredBlockEventsRequest.from_bytes(self._session, content)

    def new_signed_filtered_block_events_request(
        self, content: bytes, signature: bytes
    ) -> FilteredBlockEventsRequest:
        """The request for filtered block events with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not such a request's, or the signature is empty.
        """
        return FilteredBlockEventsRequest.from_bytes(self._session, content, check_signature(signature))

    def new_block_and_private_data_events_request(self, content: bytes) -> BlockAndPrivateDataEventsRequest:
        """The request for block and private data events with these ``bytes``, signed if they hold a
        signature.

        Raises:
            SignableError: the bytes are not such a request's.
        """
        return BlockAndPrivateDataEventsRequest.from_bytes(self._session, content)

    def new_signed_block_and_private_data_events_request(
        self, content: bytes, signature: bytes
    ) -> BlockAndPrivateDataEventsRequest:
        """The request for block and private data events with these ``bytes``, signed.

        Raises:
            SignableError: the bytes are not such a request's, or the signature is empty.
        """
        return BlockAndPrivateDataEventsRequest.from_bytes(self._session, content, check_signature(signature))

    async def aclose(self) -> None:
        """End all calls and event streams of this gateway. May be repeated.

        The connection is closed too if ``connect`` made it; one that was given stays open.
        """
        await self._session.transport.aclose()
        if self._owned is not None:
            await self._owned.aclose()

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
    address: str | None = None,
    connection: Connection | None = None,
    identity: Identity,
    signer: Signer | None = None,
    hash: Hash | None = None,
    timeouts: Timeouts | None = None,
    tls_root_pem: bytes | None = None,
    server_name: str | None = None,
    client_certificate_pem: bytes | None = None,
    client_key_pem: bytes | None = None,
    tls_client_certificate_hash: bytes | None = None,
) -> Gateway:
    """A gateway to the peer at ``address``, or on a ``connection`` that several gateways share.

    The connection is made at the first call.

    Args:
        address: ``host:port`` of the peer, or ``unix:path``; the TLS options below belong to it.
        connection: to the peer, in place of ``address`` and the TLS options.
        identity: who calls. Its dates are checked here, and its key where the signer shows it.
        signer: signs digests with the key of the identity, see :mod:`fabric_gateway.signers`. None: offline
            signing only; what needs a signature then raises NoSignerError.
        hash: digest of what is signed, see :mod:`fabric_gateway.hash`. None: the one that peers expect of
            the identity's kind of key.
        timeouts: limits of each step; a call's own ``timeout`` comes first.
        tls_root_pem: as of :class:`Connection`.
        server_name: as of :class:`Connection`.
        client_certificate_pem: as of :class:`Connection`.
        client_key_pem: as of :class:`Connection`.
        tls_client_certificate_hash: SHA-256 of the TLS client certificate in DER, where a proxy shows one to
            the peer that is not known here. None: that of the connection's own, if it has one.

    Raises:
        IdentityError: the certificate is unreadable or outside its dates, there is no MSP ID, or the key is
            another's.
        ArgumentError: signer or hash cannot be called, or ``timeouts`` are none.
        ConnectionOptionsError: the options contradict each other, are incomplete or unsafe.
        ClosedError: the connection was closed.
    """
    for option, given in (("signer", signer), ("hash", hash)):
        if given is not None and not callable(given):
            raise ArgumentError(f"{option} is of type {type(given).__name__}; give a function")
    if not isinstance(timeouts, Timeouts | None):
        raise ArgumentError(f"timeouts are of type {type(timeouts).__name__}; give Timeouts(...)")
    if not _arguments.text(identity.msp_id, "the MSP ID"):
        raise IdentityError("the identity has no MSP ID; give that of its organisation, such as Org1MSP")
    identity.check_validity()
    agreed = agreed_hash(identity, signer, hash)
    if tls_client_certificate_hash is not None and len(tls_client_certificate_hash) != _SHA256_BYTES:
        raise ConnectionOptionsError("tls_client_certificate_hash is not a SHA-256 digest of 32 bytes")
    owned: Connection | None = None
    if connection is None:
        if address is None:
            raise ConnectionOptionsError("connect has no peer to go to; give an address or a connection")
        connection = owned = Connection(
            address,
            tls_root_pem=tls_root_pem,
            server_name=server_name,
            client_certificate_pem=client_certificate_pem,
            client_key_pem=client_key_pem,
        )
    elif any((address, tls_root_pem, server_name, client_certificate_pem, client_key_pem)):
        raise ConnectionOptionsError("address and TLS options belong to the connection; give either")
    if tls_client_certificate_hash is None:
        tls_client_certificate_hash = connection.tls_client_certificate_hash
    session = Session(
        transport=connection._transport(),
        creator=_messages.serialized_identity(identity),
        signer=signer,
        hash=agreed,
        timeouts=timeouts or Timeouts(),
        tls_certificate_hash=tls_client_certificate_hash,
    )
    return Gateway(identity, session, owned)
