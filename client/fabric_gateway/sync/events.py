"""Events in ledger order, and the requests for them that are signed elsewhere."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

import fabric_gateway
from fabric_gateway import (
    Backoff,
    Block,
    BlockAndPrivateData,
    ChaincodeEvent,
    Checkpoint,
    FilteredBlock,
)
from fabric_gateway.errors import ClosedError
from fabric_gateway.events import Events as _Events
from fabric_gateway.sync._loop import Loop
from fabric_gateway.sync._signable import Signable

_Item = TypeVar("_Item")


class Events(Generic[_Item]):
    """Blocking twin of :class:`fabric_gateway.Events`: an endless iterator.

    ``close`` from another thread ends a wait for the next event.
    """

    def __init__(self, loop: Loop, twin: _Events[_Item]) -> None:
        self._loop = loop
        self._events = twin

    @property
    def position(self) -> Checkpoint | None:
        """See :attr:`fabric_gateway.Events.position`."""
        return self._events.position

    def close(self) -> None:
        """See :meth:`fabric_gateway.Events.aclose`."""
        # With the gateway closed before, the stream has ended.
        with suppress(ClosedError):
            self._loop.run(self._events.aclose())

    def __enter__(self) -> Self:
        self._loop.run(self._events.__aenter__())
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Item:
        try:
            return self._loop.run(self._events.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None


class ChaincodeEvents(Events[ChaincodeEvent]):
    """Blocking twin of :class:`fabric_gateway.ChaincodeEvents`."""


class BlockEvents(Events[Block]):
    """Blocking twin of :class:`fabric_gateway.BlockEvents`."""


class FilteredBlockEvents(Events[FilteredBlock]):
    """Blocking twin of :class:`fabric_gateway.FilteredBlockEvents`."""


class BlockAndPrivateDataEvents(Events[BlockAndPrivateData]):
    """Blocking twin of :class:`fabric_gateway.BlockAndPrivateDataEvents`."""


class ChaincodeEventsRequest(Signable):
    """Blocking twin of :class:`fabric_gateway.ChaincodeEventsRequest`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.ChaincodeEventsRequest) -> None:
        super().__init__(loop, twin)
        self._request = twin

    def events(self, *, backoff: Backoff | None = None) -> ChaincodeEvents:
        """See :meth:`fabric_gateway.ChaincodeEventsRequest.events`."""
        return ChaincodeEvents(self._loop, self._request.events(backoff=backoff))


class BlockEventsRequest(Signable):
    """Blocking twin of :class:`fabric_gateway.BlockEventsRequest`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.BlockEventsRequest) -> None:
        super().__init__(loop, twin)
        self._request = twin

    def events(self, *, backoff: Backoff | None = None) -> BlockEvents:
        """See :meth:`fabric_gateway.BlockEventsRequest.events`."""
        return BlockEvents(self._loop, self._request.events(backoff=backoff))


class FilteredBlockEventsRequest(Signable):
    """Blocking twin of :class:`fabric_gateway.FilteredBlockEventsRequest`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.FilteredBlockEventsRequest) -> None:
        super().__init__(loop, twin)
        self._request = twin

    def events(self, *, backoff: Backoff | None = None) -> FilteredBlockEvents:
        """See :meth:`fabric_gateway.FilteredBlockEventsRequest.events`."""
        return FilteredBlockEvents(self._loop, self._request.events(backoff=backoff))


class BlockAndPrivateDataEventsRequest(Signable):
    """Blocking twin of :class:`fabric_gateway.BlockAndPrivateDataEventsRequest`."""

    def __init__(self, loop: Loop, twin: fabric_gateway.BlockAndPrivateDataEventsRequest) -> None:
        super().__init__(loop, twin)
        self._request = twin

    def events(self, *, backoff: Backoff | None = None) -> BlockAndPrivateDataEvents:
        """See :meth:`fabric_gateway.BlockAndPrivateDataEventsRequest.events`."""
        return BlockAndPrivateDataEvents(self._loop, self._request.events(backoff=backoff))
