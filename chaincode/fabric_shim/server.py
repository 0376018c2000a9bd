"""Chaincode as a service: the server that peers dial, over mutual TLS."""

from __future__ import annotations

import asyncio
import logging
import signal
from dataclasses import dataclass
from pathlib import Path

from fabric_shim._internal.handler import Handler
from fabric_shim._internal.stream import GrpcListener, Stream, TlsFiles, Writer
from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import ConfigurationError

_log = logging.getLogger(__name__)

DRAIN_SECONDS = 30.0


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

    def read(self) -> TlsFiles:
        """Read the files.

        :raises ConfigurationError: one cannot be read; the message names it.
        """
        return TlsFiles(_read(self.certificate), _read(self.key), _read(self.client_ca))


class ChaincodeServer:
    """Serves one chaincode to any number of peers, each over a stream of its own.

    :param chaincode: answers the transactions of all peers.
    :param chaincode_id: the installed package's id (``label:hash``).
    :param address: ``host:port``; port 0 takes a free one.
    :param tls: files of mutual TLS. A peer without a certificate of the client CA is refused.
    :raises ConfigurationError: the chaincode id is empty.
    """

    def __init__(self, chaincode: Chaincode, chaincode_id: str, address: str, tls: TlsConfig) -> None:
        if not chaincode_id:
            raise ConfigurationError("The chaincode id is empty; it is the package id that `peer` shows.")
        self._chaincode = chaincode
        self._chaincode_id = chaincode_id
        self._address = address
        self._tls = tls
        self._listener: GrpcListener | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> int:
        """Listen, and return the port.

        :raises ConfigurationError: the address cannot be listened on, or a TLS file cannot be used.
        """
        self._listener = GrpcListener(self._converse)
        port = await self._listener.start(self._address, self._tls.read())
        _log.info("Serving %s on port %d", self._chaincode_id, port)
        return port

    async def stop(self, grace: float = DRAIN_SECONDS) -> None:
        """Take no more transactions, let the running ones finish for up to ``grace`` seconds, then stop."""
        self._stopping.set()
        if self._listener is not None:
            await self._listener.stop(grace)
        _log.info("Stopped")

    async def serve_forever(self) -> None:
        """Serve until SIGTERM or SIGINT, then stop gracefully. A second signal ends the process at once.

        :raises ConfigurationError: see :meth:`start`.
        """
        loop = asyncio.get_running_loop()
        signalled = asyncio.Event()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, signalled.set)
        try:
            await self.start()
            await signalled.wait()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
        await self.stop()

    async def _converse(self, stream: Stream) -> None:
        writer = Writer(stream)
        handler = Handler(self._chaincode, self._chaincode_id, writer.send)
        handler.start()
        writing = asyncio.create_task(writer.run())
        reading = asyncio.create_task(_read_all(stream, handler))
        stopping = asyncio.create_task(self._stopping.wait())
        tasks = [writing, reading, stopping]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                draining = asyncio.create_task(handler.drain())
                tasks.append(draining)
                await asyncio.wait((writing, reading, draining), return_when=asyncio.FIRST_COMPLETED)
                writer.finish()
                await writing
        finally:
            await handler.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _read_all(stream: Stream, handler: Handler) -> None:
    while (frame := await stream.read()) is not None:
        handler.receive(frame)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The TLS file {path} cannot be read: {error.strerror}.") from None
