"""Chaincode as a service: the server that peers dial, over mutual TLS."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Final

from fabric_transport import Insecure, TransportError

from fabric_shim._internal.conversation import Conversations
from fabric_shim._internal.limits import Limits
from fabric_shim.address import Address
from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import ConfigurationError
from fabric_shim.logs import places
from fabric_shim.observer import Observer, Observers
from fabric_shim.tls import TlsConfig

_log = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 30.0
RELOAD_SECONDS: Final = 5.0


class ChaincodeServer:
    """Serves one chaincode to any number of peers, each over a stream of its own.

    The TLS files are watched: connections made after a change use the new ones, running streams live on.
    Files that cannot be used are left alone, with a warning, until they change again.

    :param chaincode: answers the transactions of all peers.
    :param chaincode_id: the installed package's id (``label:hash``).
    :param address: ``host:port``; port 0 takes a free one.
    :param tls: files of mutual TLS. A peer without a certificate of the client CA is refused.
        ``Insecure.INSECURE``: no TLS at all, for test networks.
    :param observer: is told of every stream and transaction.
    :param limits: how much runs and waits at once.
    :param reload_seconds: how often the TLS files are looked at.
    :raises ConfigurationError: the chaincode id is empty, or the address is none.
    """

    def __init__(
        self,
        chaincode: Chaincode,
        chaincode_id: str,
        address: str,
        tls: TlsConfig | Insecure,
        *,
        observer: Observer | None = None,
        limits: Limits | None = None,
        reload_seconds: float = RELOAD_SECONDS,
    ) -> None:
        if not chaincode_id:
            raise ConfigurationError("The chaincode id is empty; it is the package id that `peer` shows.")
        self._chaincode_id = chaincode_id
        self._address = Address.parse(address)
        self._tls = tls
        self._reload_seconds = reload_seconds
        # One that raises must end neither a stream nor the watching of the files.
        self._observer = Observers(() if observer is None else (observer,))
        self._conversations = Conversations(chaincode, chaincode_id, self._observer, limits or Limits())
        self._listening = False
        self._watching: asyncio.Task[None] | None = None
        self._reload = asyncio.Event()
        self._stopping = False

    def unhealthy(self) -> str | None:
        """Say why no transactions are taken now, None when they are."""
        if self._stopping:
            return "stopping"
        return None if self._listening else "not listening yet"

    async def start(self) -> int:
        """Listen, and return the port.

        :raises ConfigurationError: the address cannot be listened on, or a TLS file cannot be used.
        """
        stamp = () if isinstance(self._tls, Insecure) else self._tls.stamp()
        tls = self._tls if isinstance(self._tls, Insecure) else self._tls.read()
        try:
            port = await self._conversations.listen(str(self._address), tls)
        except TransportError as error:
            raise ConfigurationError(f"Cannot serve on {self._address}: {error}") from None
        if isinstance(self._tls, Insecure):
            _log.warning(
                "TLS is off: anybody who reaches this port can run transactions and read what they do"
            )
        else:
            self._tls.warn_if_exposed()
            if not isinstance(tls, Insecure):
                self._tls.warn_if_outdated(tls)
            self._watching = asyncio.create_task(self._watch(self._tls, stamp))
        self._listening = True
        _log.info("Serving %s on port %d", self._chaincode_id, port)
        return port

    def reload(self) -> None:
        """Look at the TLS files now."""
        self._reload.set()

    async def stop(self, grace: float = DRAIN_SECONDS) -> None:
        """Take no more transactions, let the running ones finish for up to ``grace`` seconds, then stop."""
        self._stopping = True
        if self._watching is not None:
            self._watching.cancel()
        running = self._conversations.running
        if running:
            _log.info("Stopping: waiting up to %g s for %d running transactions", grace, running)
        await self._conversations.stop(grace)
        _log.info("Stopped")

    async def serve_forever(self, grace: float = DRAIN_SECONDS) -> None:
        """Serve until SIGTERM or SIGINT, then stop gracefully. A second signal ends the process at once.

        SIGHUP has the TLS files looked at.

        :raises ConfigurationError: see :meth:`start`.
        """
        loop = asyncio.get_running_loop()
        signalled = asyncio.Event()
        handlers = {
            signal.SIGTERM: signalled.set,
            signal.SIGINT: signalled.set,
            signal.SIGHUP: self.reload,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            await self.start()
            await signalled.wait()
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            loop.remove_signal_handler(signal.SIGINT)
        await self.stop(grace)

    async def _watch(self, files: TlsConfig, used: tuple[object, ...]) -> None:
        while True:
            try:
                async with asyncio.timeout(self._reload_seconds):
                    await self._reload.wait()
            except TimeoutError:
                pass
            self._reload.clear()
            found = files.stamp()
            if found != used:
                used = found
                self._replace_tls(files)

    def _replace_tls(self, files: TlsConfig) -> None:
        try:
            read = files.read()
            read.check()
            files.warn_if_outdated(read)
            self._conversations.replace_tls(read)
        except (ConfigurationError, TransportError) as error:
            _log.warning("The TLS files have changed but cannot be used, the old ones stay: %s", error)
            self._observer.tls_reloaded(used=False)
        except Exception as error:
            # Whatever a file makes a library raise: those who watch the files must see the next change.
            _log.warning(
                "The TLS files have changed but cannot be used, the old ones stay: %s at %s",
                type(error).__qualname__,
                places(error),
            )
            self._observer.tls_reloaded(used=False)
        else:
            _log.info("The TLS files have changed: new connections use them")
            self._observer.tls_reloaded(used=True)
