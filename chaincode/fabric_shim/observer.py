"""What a chaincode process tells about its work: metrics, spans and logs are observers of it.

Nothing here carries an argument, a key or a value, so no observer can pass one on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, runtime_checkable

_log = logging.getLogger(__name__)

UNKNOWN_FUNCTION: Final = "unknown"
"""The label of transactions whose function the chaincode does not have."""

Outcome = Literal["endorsed", "refused", "failed"]
Unrun = Literal["busy", "stopping"]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One run of a transaction. The same object is given at its begin and its end; no two runs are equal.

    :ivar channel_id: the channel's name.
    :ivar tx_id: the transaction's id. Two peers may run the same transaction at the same time.
    :ivar function: a label out of a small fixed set, as the chaincode's ``function_label`` gives it.
    """

    channel_id: str
    tx_id: str
    function: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a transaction ended.

    :ivar outcome: ``endorsed``: answered with a status below 400. ``refused``: answered with another status
        by the contract's own decision. ``failed``: masked exception, unusable message, or lost stream.
    :ivar code: the refusal's or failure's code, empty when endorsed. It is the contract's text: an observer
        must not publish it unless it knows all codes.
    :ivar seconds: from its message to its answer.
    :ivar messages: messages in both directions, the first and the last one included.
    """

    outcome: Outcome
    code: str
    seconds: float
    messages: int


class Observer(Protocol):
    """Is told what happens on the streams. Called from any thread, between messages: it must not block."""

    def stream_opened(self) -> None:
        """A peer has connected."""

    def stream_closed(self) -> None:
        """A peer's stream has ended."""

    def transaction_began(self, call: Call, /) -> None:
        """A transaction starts to run."""

    def transaction_ended(self, call: Call, ended: Ended, /) -> None:
        """A transaction that began has been answered or given up."""


@runtime_checkable
class ProcessObserver(Protocol):
    """What an :class:`Observer` may have besides: it is then told of the process, too. It must not block."""

    def turned_away(self, reason: Unrun, /) -> None:
        """A transaction has been answered with an error at once, and never began."""

    def tls_reloaded(self, *, used: bool) -> None:
        """The TLS files have changed.

        :param used: whether they are used now; if not, the former ones stay.
        """


class Observers:
    """Several observers as one. One that raises is logged by the error's type and stops nothing."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._observers = tuple(observers)

    def stream_opened(self) -> None:
        self._tell(lambda observer: observer.stream_opened())

    def stream_closed(self) -> None:
        self._tell(lambda observer: observer.stream_closed())

    def transaction_began(self, call: Call) -> None:
        self._tell(lambda observer: observer.transaction_began(call))

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        self._tell(lambda observer: observer.transaction_ended(call, ended))

    def turned_away(self, reason: Unrun) -> None:
        self._tell_of_process(lambda observer: observer.turned_away(reason))

    def tls_reloaded(self, *, used: bool) -> None:
        self._tell_of_process(lambda observer: observer.tls_reloaded(used=used))

    def _tell_of_process(self, what: Callable[[ProcessObserver], None]) -> None:
        self._tell(lambda observer: what(observer) if isinstance(observer, ProcessObserver) else None)

    def _tell(self, what: Callable[[Observer], None]) -> None:
        for observer in self._observers:
            try:
                what(observer)
            except Exception as error:
                _log.error("An observer (%s) failed: %s", type(observer).__name__, type(error).__name__)
