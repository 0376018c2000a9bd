"""The shim's side of one stream: registration, then any number of transactions at once."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from fabric_shim._internal import messages
from fabric_shim._internal.batching import BatchOffer
from fabric_shim._internal.engine import Engine
from fabric_shim._internal.limits import COPIES, Limits
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim._internal.running import Ending, Resume, RunningTransaction
from fabric_shim._internal.steps import Ask
from fabric_shim._internal.workers import Workers
from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import LedgerError, ProtocolError
from fabric_shim.observer import Call, Observer, ProcessObserver, Unrun

_log = logging.getLogger(__name__)


class _State(Enum):
    CREATED = "created"
    ESTABLISHED = "established"
    READY = "ready"
    REFUSED = "refused"


class Handler:
    """Answers one peer's stream; frames come in through :meth:`receive` and go out through ``send``.

    Runs with the engine's loop, never runs contract code. Nothing that the peer sends ends the
    stream, a refused registration excepted: a message that cannot be used ends the transaction that it names,
    or is dropped when it names none.

    :ivar finished: set when the stream has nothing left to do: drained, or refused by the peer.
    """

    def __init__(
        self,
        chaincode: Chaincode,
        chaincode_id: str,
        send: Callable[[bytes], None],
        *,
        engine: Engine,
        workers: Workers,
        observer: Observer,
        limits: Limits,
    ) -> None:
        self._chaincode = chaincode
        self._chaincode_id = chaincode_id
        self._send = send
        self._engine = engine
        self._workers = workers
        self._observer = observer
        self._limits = limits
        self._state = _State.CREATED
        self._offer = BatchOffer()
        self._taken: dict[tuple[str, str], RunningTransaction] = {}
        self._waiting: OrderedDict[tuple[str, str], RunningTransaction] = OrderedDict()
        self._held_bytes = 0
        self._calling = 0
        self._draining = False
        self.finished = asyncio.Event()

    @property
    def running(self) -> int:
        """How many transactions have no answer yet."""
        return len(self._taken)

    def start(self) -> None:
        """Introduce the chaincode to the peer."""
        self._send(messages.register(self._chaincode_id))

    def receive(self, frame: bytes) -> None:
        """Act on one message of the peer."""
        if self._state is _State.REFUSED:
            return
        try:
            message = messages.parse(frame)
        except ProtocolError:
            _log.warning("Dropped a frame that is no chaincode message")
            return
        if message.type == MessageType.KEEPALIVE:
            self._send(frame)
            return
        match self._state, message.type:
            case _State.READY, MessageType.RESPONSE | MessageType.ERROR:
                self._deliver(message)
            case _State.READY, MessageType.TRANSACTION | MessageType.INIT:
                self._take(message, COPIES * len(frame))
            case _State.CREATED, MessageType.REGISTERED:
                self._state = _State.ESTABLISHED
            case _State.ESTABLISHED, MessageType.READY:
                self._get_ready(message)
            case ((_State.CREATED | _State.ESTABLISHED), MessageType.ERROR):
                _log.error("The peer refused the registration of %s", self._chaincode_id)
                self._state = _State.REFUSED
                self.finished.set()
            case _:
                self._refuse(message, "The chaincode cannot handle this message now.")

    def drain(self) -> None:
        """Take no further transactions; :attr:`finished` is set when those taken before are answered."""
        self._draining = True
        if not self._taken:
            self.finished.set()

    def close(self) -> None:
        """Give up the running transactions: the stream is gone, and with it whoever waits for them."""
        self._draining = True
        if self._taken:
            _log.warning("The stream ended; gave up %d running transactions", len(self._taken))
        # Those that wait first, so that none of them starts.
        for transaction in (*self._waiting.values(), *self._taken.values()):
            if transaction.identity in self._taken:
                self._give_up(transaction, "stream-ended")

    def began(self, transaction: RunningTransaction, call: Call) -> None:
        if self._taken.get(transaction.identity) is transaction:
            transaction.call = call
            self._observer.transaction_began(call)

    def asked(self, transaction: RunningTransaction, ask: Ask, resume: Resume) -> None:
        if self._taken.get(transaction.identity) is not transaction:
            resume(LedgerError("The transaction is over.", tx_id=transaction.tx_id))
            return
        if ask.calls and self._calling >= self._limits.calling:
            text = f"The chaincode is busy with {self._calling} calls of chaincodes; try again."
            resume(LedgerError(text, tx_id=transaction.tx_id))
            return
        transaction.waiter = resume
        transaction.messages += 1
        self._send(ask.frame)
        if ask.calls:
            transaction.calling = True
            self._calling += 1
            self._start_following()

    def ended(self, transaction: RunningTransaction, ending: Ending) -> None:
        if self._taken.get(transaction.identity) is not transaction:
            return
        transaction.messages += 1
        self._send(ending.frame)
        self._forget(transaction)
        if transaction.call is not None:
            self._observer.transaction_ended(
                transaction.call, transaction.summary(ending.verdict, ending.code)
            )

    def _get_ready(self, message: Message) -> None:
        try:
            self._offer = messages.parse_offer(message.payload)
        except ProtocolError:
            _log.warning("The peer's READY cannot be read; its batching is not used")
        self._state = _State.READY
        _log.info("The peer is ready")

    def _deliver(self, message: Message) -> None:
        transaction = self._taken.get((message.channel_id, message.tx_id))
        if transaction is None or transaction.waiter is None:
            _log.warning("Dropped an answer that no request of transaction %s waits for", message.tx_id)
            return
        resume, transaction.waiter = transaction.waiter, None
        transaction.messages += 1
        self._called(transaction)
        if message.type == MessageType.RESPONSE:
            resume(message.payload)
        else:
            resume(LedgerError(message.payload.decode(errors="replace"), tx_id=message.tx_id))

    def _take(self, message: Message, size: int) -> None:
        identity = (message.channel_id, message.tx_id)
        if identity in self._taken:
            # An ERROR would end the transaction that runs under this id.
            _log.warning("Dropped a second start of transaction %s", message.tx_id)
            return
        if self._draining:
            self._turn_away(message, "stopping", "The chaincode is stopping; try again.")
            return
        limits = self._limits
        taken = len(self._taken)
        if taken and (
            taken >= limits.running + limits.waiting or self._held_bytes + size > limits.held_bytes
        ):
            text = f"The chaincode is busy with {taken} transactions; try again."
            self._turn_away(message, "busy", text)
            return
        transaction = RunningTransaction(
            message, size, self._chaincode, port=self, engine=self._engine, workers=self._workers
        )
        self._taken[identity] = transaction
        self._held_bytes += size
        self._waiting[identity] = transaction
        self._start_following()

    def _called(self, transaction: RunningTransaction) -> None:
        if transaction.calling:
            transaction.calling = False
            self._calling -= 1

    def _start_following(self) -> None:
        while self._waiting and len(self._taken) - len(self._waiting) - self._calling < self._limits.running:
            _, following = self._waiting.popitem(last=False)
            following.start(self._offer)

    def _forget(self, transaction: RunningTransaction) -> None:
        del self._taken[transaction.identity]
        self._waiting.pop(transaction.identity, None)
        self._held_bytes -= transaction.size
        self._called(transaction)
        self._start_following()
        if self._draining and not self._taken:
            self.finished.set()

    def _give_up(self, transaction: RunningTransaction, code: str) -> None:
        transaction.abandon()
        self._forget(transaction)
        if transaction.call is not None:
            self._observer.transaction_ended(transaction.call, transaction.summary("failed", code))

    def _turn_away(self, message: Message, reason: Unrun, text: str) -> None:
        self._refuse(message, text)
        if isinstance(self._observer, ProcessObserver):
            self._observer.turned_away(reason)

    def _refuse(self, message: Message, text: str) -> None:
        _log.warning("Refused a message of type %d for transaction %s", message.type, message.tx_id or "none")
        if not message.tx_id:
            return
        self._send(messages.error(message.channel_id, message.tx_id, text))
        transaction = self._taken.get((message.channel_id, message.tx_id))
        if transaction is not None:
            # For the peer it is over with the ERROR.
            self._give_up(transaction, "protocol")
