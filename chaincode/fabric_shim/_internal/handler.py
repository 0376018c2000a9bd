"""The shim's side of one stream: registration, then any number of transactions at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum

from fabric_shim._internal import messages
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim._internal.transaction import PeerLedger
from fabric_shim.chaincode import MASKED_MESSAGE, Chaincode, execute
from fabric_shim.errors import ProtocolError
from fabric_shim.stub import ChaincodeStub

_log = logging.getLogger(__name__)


class _State(Enum):
    CREATED = "created"
    ESTABLISHED = "established"
    READY = "ready"


class Handler:
    """Answers one peer's stream; frames come in through :meth:`receive` and go out through ``send``.

    Every transaction is a task of its own. Nothing that the peer sends ends the stream: a message that cannot
    be used ends the transaction that it names, or is dropped when it names none.
    """

    def __init__(self, chaincode: Chaincode, chaincode_id: str, send: Callable[[bytes], None]) -> None:
        self._chaincode = chaincode
        self._chaincode_id = chaincode_id
        self._send = send
        self._state = _State.CREATED
        self._ledgers: dict[tuple[str, str], PeerLedger] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    def start(self) -> None:
        """Introduce the chaincode to the peer."""
        self._send(messages.register(self._chaincode_id))

    def receive(self, frame: bytes) -> None:
        """Act on one message of the peer."""
        try:
            message = messages.parse(frame)
        except ProtocolError:
            _log.warning("Dropped a frame that is no chaincode message")
            return
        if message.type == MessageType.KEEPALIVE:
            self._send(frame)
            return
        match self._state, message.type:
            case _State.CREATED, MessageType.REGISTERED:
                self._state = _State.ESTABLISHED
            case _State.ESTABLISHED, MessageType.READY:
                self._state = _State.READY
                _log.info("The peer is ready")
            case _State.READY, MessageType.RESPONSE | MessageType.ERROR:
                self._deliver(message)
            case _State.READY, MessageType.TRANSACTION | MessageType.INIT:
                self._begin(message)
            case _:
                self._refuse(message, "The chaincode cannot handle this message now.")

    async def drain(self) -> None:
        """Take no further transactions and wait until the running ones have answered."""
        self._draining = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up the running transactions: the stream is gone, and with it whoever waits for them."""
        self._draining = True
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks:
            _log.warning("The stream ended; gave up %d running transactions", len(tasks))

    def _deliver(self, message: Message) -> None:
        ledger = self._ledgers.get((message.channel_id, message.tx_id))
        if ledger is None or not ledger.deliver(message):
            _log.warning("Dropped an answer that no request of transaction %s waits for", message.tx_id)

    def _begin(self, message: Message) -> None:
        identity = (message.channel_id, message.tx_id)
        if identity in self._ledgers:
            # An ERROR would end the transaction that runs under this id.
            _log.warning("Dropped a second start of transaction %s", message.tx_id)
            return
        if self._draining:
            self._refuse(message, "The chaincode is stopping; try again.")
            return
        ledger = PeerLedger(message.channel_id, message.tx_id, self._send)
        self._ledgers[identity] = ledger
        task = asyncio.get_running_loop().create_task(self._run(message, ledger))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._ledgers.pop(identity))

    async def _run(self, message: Message, ledger: PeerLedger) -> None:
        try:
            invocation = messages.parse_invocation(message)
        except ProtocolError as error:
            self._refuse(message, str(error))
            return
        stub = ChaincodeStub(invocation, ledger)
        init = message.type == MessageType.INIT
        outcome = await execute(self._chaincode, stub, init=init)
        ledger.close()
        try:
            if init and not outcome.response.endorsed:
                answer = messages.error(message.channel_id, message.tx_id, outcome.response.message)
            else:
                answer = messages.completed(invocation, outcome.response, stub.event)
        except (AttributeError, TypeError, ValueError) as error:
            # The chaincode returned what is no response, or one whose fields do not fit the message.
            _log.error(
                "Transaction %s: its response cannot be sent (%s)", message.tx_id, type(error).__name__
            )
            answer = messages.error(message.channel_id, message.tx_id, MASKED_MESSAGE)
        self._send(answer)

    def _refuse(self, message: Message, text: str) -> None:
        _log.warning("Refused a message of type %d for transaction %s", message.type, message.tx_id or "none")
        if message.tx_id:
            self._send(messages.error(message.channel_id, message.tx_id, text))
