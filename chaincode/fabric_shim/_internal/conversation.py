"""All conversations of a chaincode server: one per stream, on threads that they share."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from fabric_transport import Insecure, Listener, ServerTls, Stream, StreamError, listen

from fabric_shim._internal.engine import Engine
from fabric_shim._internal.handler import Handler
from fabric_shim._internal.limits import Limits
from fabric_shim._internal.workers import Workers
from fabric_shim._internal.writer import Writer
from fabric_shim.chaincode import Chaincode
from fabric_shim.observer import Observer

_log = logging.getLogger(__name__)

METHOD: Final = "/protos.Chaincode/Connect"
_DEFAULTS: Final = Limits()


class Conversations:
    """Listens, and serves every stream that comes in, on an event loop and threads of its own.

    Its methods may be called from any event loop.

    :param chaincode: answers the transactions of all peers.
    :param chaincode_id: the installed package's id, which every stream begins with.
    """

    def __init__(
        self, chaincode: Chaincode, chaincode_id: str, observer: Observer, limits: Limits = _DEFAULTS
    ) -> None:
        self._chaincode = chaincode
        self._chaincode_id = chaincode_id
        self._observer = observer
        self._limits = limits
        self._engine: Engine | None = None
        self._workers = Workers(limits.worker_threads)
        self._handlers: set[Handler] = set()
        self._listener: Listener | None = None
        self._draining = False

    @property
    def running(self) -> int:
        """How many transactions have no answer yet, over all streams."""
        return sum(handler.running for handler in tuple(self._handlers))

    async def listen(self, address: str, tls: ServerTls | Insecure) -> int:
        """Accept streams, and return the port.

        :raises TransportError: see :func:`fabric_transport.listen`.
        """
        engine = Engine()
        try:
            listening = listen(address, METHOD, partial(self._converse, engine), tls)
            self._listener = await engine.run(listening)
        except BaseException:
            engine.close()
            raise
        self._engine = engine
        return self._listener.port

    def replace_tls(self, tls: ServerTls) -> None:
        """Use other certificates for the connections made from now on.

        :raises TlsError: they cannot be used; the former ones stay in use.
        """
        if self._listener is not None:
            self._listener.replace_tls(tls)

    async def stop(self, grace: float) -> None:
        """Take no more transactions; each stream ends when those that run on it have their answers, and is
        cut after ``grace`` seconds. Threads that hang are left behind; they do not keep the process."""
        engine, self._engine = self._engine, None
        if engine is not None and self._listener is not None:
            await engine.run(self._stop(self._listener, grace))
            engine.close()
            self._workers.close()

    async def _stop(self, listener: Listener, grace: float) -> None:
        self._draining = True
        for handler in self._handlers:
            handler.drain()
        await listener.stop(grace)

    async def _converse(self, engine: Engine, stream: Stream) -> None:
        """Serve one stream until the peer ends it, or until it is drained."""
        writer = Writer(stream)
        handler = Handler(
            self._chaincode,
            self._chaincode_id,
            writer.send,
            engine=engine,
            workers=self._workers,
            observer=self._observer,
            limits=self._limits,
        )
        self._handlers.add(handler)
        self._observer.stream_opened()
        handler.start()
        if self._draining:
            handler.drain()
        writing = asyncio.create_task(writer.run())
        tasks = (
            writing,
            asyncio.create_task(_read_all(stream, handler, writer)),
            asyncio.create_task(handler.finished.wait()),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if handler.finished.is_set():
                writer.finish()
                await writing
        finally:
            handler.close()
            self._handlers.discard(handler)
            self._observer.stream_closed()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, StreamError):
                raise result


async def _read_all(stream: Stream, handler: Handler, writer: Writer) -> None:
    while (frame := await stream.read()) is not None:
        handler.receive(frame)
        if writer.full:
            await writer.room()
