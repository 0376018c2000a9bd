"""A dialled gateway peer, which one or several gateways (identities) use."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Self

import fabric_gateway
from fabric_gateway.errors import ClosedError
from fabric_gateway.sync._loop import Loop


class Connection:
    """Blocking twin of :class:`fabric_gateway.Connection`, with the loop of all gateways on it."""

    def __init__(
        self,
        address: str,
        *,
        tls_root_pem: bytes | None = None,
        server_name: str | None = None,
        client_certificate_pem: bytes | None = None,
        client_key_pem: bytes | None = None,
    ) -> None:
        async def dial() -> fabric_gateway.Connection:
            return fabric_gateway.Connection(
                address,
                tls_root_pem=tls_root_pem,
                server_name=server_name,
                client_certificate_pem=client_certificate_pem,
                client_key_pem=client_key_pem,
            )

        self._loop = Loop()
        try:
            self._connection = self._loop.run(dial())
        except BaseException:
            self._loop.close()
            raise

    @property
    def address(self) -> str:
        """See :attr:`fabric_gateway.Connection.address`."""
        return self._connection.address

    @property
    def closed(self) -> bool:
        """See :attr:`fabric_gateway.Connection.closed`."""
        return self._connection.closed

    @property
    def tls_client_certificate_hash(self) -> bytes:
        """See :attr:`fabric_gateway.Connection.tls_client_certificate_hash`."""
        return self._connection.tls_client_certificate_hash

    def close(self) -> None:
        """See :meth:`fabric_gateway.Connection.aclose`. Ends the calls of other threads too."""
        # Closed before, or by another thread just now.
        with suppress(ClosedError):
            self._loop.run(self._connection.aclose())
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
