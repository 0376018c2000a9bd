"""One identity at one peer."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, cast

import fabric_gateway
from fabric_gateway import Identity, Signer, Timeouts
from fabric_gateway.errors import ClosedError
from fabric_gateway.hash import Hash
from fabric_gateway.sync._loop import Loop
from fabric_gateway.sync.commit import Commit
from fabric_gateway.sync.connection import Connection
from fabric_gateway.sync.events import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from fabric_gateway.sync.network import Network
from fabric_gateway.sync.transaction import Proposal, Transaction

BlockingSigner = Callable[[bytes], bytes]
"""Signs a digest, in a thread of its own."""


class Gateway:
    """Blocking twin of :class:`fabric_gateway.Gateway`. Any number of threads may use it."""

    def __init__(self, loop: Loop, twin: fabric_gateway.Gateway, *, owns_loop: bool) -> None:
        self._loop = loop
        self._gateway = twin
        self._owns_loop = owns_loop

    @property
    def identity(self) -> Identity:
        """See :attr:`fabric_gateway.Gateway.identity`."""
        return self._gateway.identity

    @property
    def closed(self) -> bool:
        """See :attr:`fabric_gateway.Gateway.closed`."""
        return self._gateway.closed

    def network(self, channel: str) -> Network:
        """See :meth:`fabric_gateway.Gateway.network`."""
        return Network(self._loop, self._gateway.network(channel))

    def new_proposal(self, content: bytes) -> Proposal:
        """See :meth:`fabric_gateway.Gateway.new_proposal`."""
        return Proposal(self._loop, self._gateway.new_proposal(content))

    def new_signed_proposal(self, content: bytes, signature: bytes) -> Proposal:
        """See :meth:`fabric_gateway.Gateway.new_signed_proposal`."""
        return Proposal(self._loop, self._gateway.new_signed_proposal(content, signature))

    def new_transaction(self, content: bytes) -> Transaction:
        """See :meth:`fabric_gateway.Gateway.new_transaction`."""
        return Transaction(self._loop, self._gateway.new_transaction(content))

    def new_signed_transaction(self, content: bytes, signature: bytes) -> Transaction:
        """See :meth:`fabric_gateway.Gateway.new_signed_transaction`."""
        return Transaction(self._loop, self._gateway.new_signed_transaction(content, signature))

    def new_commit(self, content: bytes) -> Commit:
        """See :meth:`fabric_gateway.Gateway.new_commit`."""
        return Commit(self._loop, self._gateway.new_commit(content))

    def new_signed_commit(self, content: bytes, signature: bytes) -> Commit:
        """See :meth:`fabric_gateway.Gateway.new_signed_commit`."""
        return Commit(self._loop, self._gateway.new_signed_commit(content, signature))

    def new_chaincode_events_request(self, content: bytes) -> ChaincodeEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_chaincode_events_request`."""
        return ChaincodeEventsRequest(self._loop, self._gateway.new_chaincode_events_request(content))

    def new_signed_chaincode_events_request(self, content: bytes, signature: bytes) -> ChaincodeEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_signed_chaincode_events_request`."""
        return ChaincodeEventsRequest(
            self._loop, self._gateway.new_signed_chaincode_events_request(content, signature)
        )

    def new_block_events_request(self, content: bytes) -> BlockEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_block_events_request`."""
        return BlockEventsRequest(self._loop, self._gateway.new_block_events_request(content))

    def new_signed_block_events_request(self, content: bytes, signature: bytes) -> BlockEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_signed_block_events_request`."""
        return BlockEventsRequest(
            self._loop, self._gateway.new_signed_block_events_request(content, signature)
        )

    def new_filtered_block_events_request(self, content: bytes) -> FilteredBlockEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_filtered_block_events_request`."""
        return FilteredBlockEventsRequest(
            self._loop, self._gateway.new_filtered_block_events_request(content)
        )

    def new_signed_filtered_block_events_request(
        self, content: bytes, signature: bytes
    ) -> FilteredBlockEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_signed_filtered_block_events_request`."""
        return FilteredBlockEventsRequest(
            self._loop, self._gateway.new_signed_filtered_block_events_request(content, signature)
        )

    def new_block_and_private_data_events_request(self, content: bytes) -> BlockAndPrivateDataEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_block_and_private_data_events_request`."""
        return BlockAndPrivateDataEventsRequest(
            self._loop, self._gateway.new_block_and_private_data_events_request(content)
        )

    def new_signed_block_and_private_data_events_request(
        self, content: bytes, signature: bytes
    ) -> BlockAndPrivateDataEventsRequest:
        """See :meth:`fabric_gateway.Gateway.new_signed_block_and_private_data_events_request`."""
        return BlockAndPrivateDataEventsRequest(
            self._loop, self._gateway.new_signed_block_and_private_data_events_request(content, signature)
        )

    def close(self) -> None:
        """See :meth:`fabric_gateway.Gateway.aclose`. Ends the calls of other threads too."""
        # Closed before, or by another thread just now.
        with suppress(ClosedError):
            self._loop.run(self._gateway.aclose())
        if self._owns_loop:
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()


def connect(
    *,
    address: str | None = None,
    connection: Connection | None = None,
    identity: Identity,
    signer: Signer | BlockingSigner | None = None,
    hash: Hash | None = None,
    timeouts: Timeouts | None = None,
    tls_root_pem: bytes | None = None,
    server_name: str | None = None,
    client_certificate_pem: bytes | None = None,
    client_key_pem: bytes | None = None,
    tls_client_certificate_hash: bytes | None = None,
) -> Gateway:
    """See :func:`fabric_gateway.connect`. The signer may be an ordinary function too."""
    loop = Loop() if connection is None else connection._loop
    connecting = fabric_gateway.connect(
        address=address,
        connection=None if connection is None else connection._connection,
        identity=identity,
        signer=None if signer is None else _awaited(signer),
        hash=hash,
        timeouts=timeouts,
        tls_root_pem=tls_root_pem,
        server_name=server_name,
        client_certificate_pem=client_certificate_pem,
        client_key_pem=client_key_pem,
        tls_client_certificate_hash=tls_client_certificate_hash,
    )
    try:
        gateway = loop.run(connecting)
    except BaseException:
        if connection is None:
            loop.close()
        raise
    return Gateway(loop, gateway, owns_loop=connection is None)


def _awaited(signer: Signer | BlockingSigner) -> Signer:
    if not callable(signer):
        return signer  # type: ignore[unreachable]  # fabric_gateway.connect has the words for it
    if inspect.iscoroutinefunction(signer) or inspect.iscoroutinefunction(type(signer).__call__):
        return cast(Signer, signer)

    async def sign(digest: bytes) -> bytes:
        signature = await asyncio.to_thread(signer, digest)
        # An ordinary function may also give what is to be awaited (a lambda around a coroutine function).
        return await signature if inspect.isawaitable(signature) else cast(bytes, signature)

    return sign
