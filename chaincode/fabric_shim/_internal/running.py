"""One transaction from its message to its answer, in steps that the engine makes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Protocol, TypeVar

from fabric_shim._internal import messages
from fabric_shim._internal.batching import BatchOffer
from fabric_shim._internal.engine import Engine
from fabric_shim._internal.engine import Outcome as After
from fabric_shim._internal.exchange import MAX_FRAME_BYTES, Exchange
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim._internal.steps import Ask, Blocking, Runner, unsupported
from fabric_shim._internal.transaction import PeerLedger
from fabric_shim._internal.workers import Workers
from fabric_shim.chaincode import MASKED_MESSAGE, Chaincode, Outcome, execute, masked
from fabric_shim.errors import ProtocolError
from fabric_shim.observer import UNKNOWN_FUNCTION, Call, Ended
from fabric_shim.observer import Outcome as Verdict
from fabric_shim.stub import ChaincodeStub, Invocation

_log = logging.getLogger(__name__)

T = TypeVar("T")
Resume = Callable[[bytes | BaseException], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """The last message of a transaction, and how it is counted."""

    frame: bytes = field(repr=False)
    verdict: Verdict
    code: str = ""


class Port(Protocol):
    """What a transaction tells its stream's handler: with the engine's loop, never during a step."""

    def began(self, transaction: RunningTransaction, call: Call) -> None:
        """It runs now."""

    def asked(self, transaction: RunningTransaction, ask: Ask, resume: Resume) -> None:
        """It has a request; ``resume`` takes the answer's payload, or what to raise."""

    def ended(self, transaction: RunningTransaction, ending: Ending) -> None:
        """It has its answer."""


class RunningTransaction:
    """Runs one transaction. The public attributes are not touched while a step is made.

    :ivar identity: channel and transaction id.
    :ivar size: of its message and what is made of it, in bytes.
    :ivar waiter: takes the peer's answer; None while no request is with the peer.
    :ivar calling: it waits for a chaincode that it has called.
    :ivar messages: how many were exchanged so far, in both directions.
    :ivar call: what observers know it by; None until it runs.
    """

    def __init__(
        self,
        message: Message,
        size: int,
        chaincode: Chaincode,
        *,
        port: Port,
        engine: Engine,
        workers: Workers,
    ) -> None:
        self.identity = (message.channel_id, message.tx_id)
        self.size = size
        self.waiter: Resume | None = None
        self.calling = False
        self.messages = 1
        self.call: Call | None = None
        self._message = message
        self._chaincode = chaincode
        self._port = port
        self._engine = engine
        self._workers = workers
        self._exchange = Exchange(*self.identity)
        self._turn = threading.Lock()
        # What a contract sets for its thread, such as decimal's precision, must not reach other transactions.
        self._context = Context()
        self._abandoned = False
        self._since = time.perf_counter()
        self._invocation: Invocation
        self._stub: ChaincodeStub
        self._coroutine: Coroutine[object, object, Outcome]

    @property
    def tx_id(self) -> str:
        """The transaction's id."""
        return self.identity[1]

    def start(self, offer: BatchOffer) -> None:
        """Make the first step soon. To be called once."""
        self._engine.submit(partial(self._read, offer))

    def abandon(self) -> None:
        """Nobody waits for its answer any more: end what can be ended."""
        self._abandoned = True
        self._exchange.close()
        if self.waiter is not None:
            resume, self.waiter = self.waiter, None
            # As when a coroutine is closed: what the contract has open is cleaned up, nothing catches it.
            resume(GeneratorExit())

    def summary(self, verdict: Verdict, code: str) -> Ended:
        """Sum it up for the observers."""
        return Ended(verdict, code, time.perf_counter() - self._since, self.messages)

    def _read(self, offer: BatchOffer) -> After:
        message = self._message
        try:
            self._invocation = messages.parse_invocation(message)
        except ProtocolError as error:
            _log.warning("Transaction %s cannot be read", self.tx_id)
            frame = messages.error(message.channel_id, message.tx_id, str(error))
            ending = Ending(frame, "failed", error.code)
            return partial(self._began, UNKNOWN_FUNCTION, partial(self._end, ending))
        self._stub = ChaincodeStub(self._invocation, PeerLedger(self._exchange, offer))
        self._coroutine = execute(self._chaincode, self._stub, init=message.type == MessageType.INIT)
        try:
            label = self._chaincode.function_label(self._stub)
        except Exception as error:
            self._coroutine.close()
            ending = self._answer(masked(self._stub, error))
            return partial(self._began, UNKNOWN_FUNCTION, partial(self._end, ending))
        step = partial(self._step, partial(self._coroutine.send, None))
        return partial(self._began, label, partial(self._engine.submit, step))

    def _began(self, function: str, following: After) -> None:
        self._port.began(self, Call(*self.identity, function))
        following()

    def _end(self, ending: Ending) -> None:
        self._port.ended(self, ending)

    def _step(self, resume: Callable[[], object]) -> After:
        while True:
            try:
                awaited = self._context.run(resume)
            except StopIteration as end:
                return partial(self._end, self._answer(end.value))
            except BaseException as error:
                # Whatever a contract raises, SystemExit included, ends its transaction and nothing else.
                if self._abandoned:
                    return _nothing
                return partial(self._end, self._answer(masked(self._stub, error)))
            if isinstance(awaited, Ask) and awaited.owner is self._exchange:
                return partial(self._port.asked, self, awaited, self._resume)
            if isinstance(awaited, Blocking):
                return partial(self._workers.submit, partial(self._work, awaited.function))
            resume = partial(self._coroutine.throw, unsupported(awaited))

    def _resume(self, answer: bytes | BaseException) -> None:
        self._engine.submit(partial(self._step, _resumption(self._coroutine, answer)))

    def _work(self, function: Callable[[Runner], object]) -> None:
        """Run a plain function, on a worker's thread."""
        try:
            resume = partial(self._coroutine.send, self._context.run(function, self._run_blocking))
        except BaseException as error:
            resume = partial(self._coroutine.throw, error)
        self._engine.post(partial(self._engine.submit, partial(self._step, resume)))

    def _run_blocking(self, coroutine: Coroutine[object, object, T]) -> T:
        """Run a coroutine of the stub for a plain function. Its threads, if it has more, take turns."""
        answers: SimpleQueue[bytes | BaseException] = SimpleQueue()
        resume: Callable[[], object] = partial(coroutine.send, None)
        with self._turn:
            while True:
                try:
                    awaited = resume()
                except StopIteration as end:
                    result: T = end.value
                    return result
                if isinstance(awaited, Ask) and awaited.owner is self._exchange:
                    self._engine.post(partial(self._port.asked, self, awaited, answers.put))
                    with self._workers.away() if awaited.calls else nullcontext():
                        answer = answers.get()
                    resume = _resumption(coroutine, answer)
                else:
                    resume = partial(coroutine.throw, unsupported(awaited))

    def _answer(self, outcome: Outcome) -> Ending:
        self._exchange.close()
        channel_id, tx_id = self.identity
        response = outcome.response
        try:
            if self._message.type == MessageType.INIT and not response.endorsed:
                frame = messages.error(channel_id, tx_id, response.message)
            else:
                frame = messages.completed(self._invocation, response, self._stub.event)
        except Exception as error:
            # The chaincode returned what is no response, or one whose fields do not fit the message.
            _log.error("Transaction %s: its response cannot be sent (%s)", tx_id, type(error).__name__)
            return Ending(messages.error(channel_id, tx_id, MASKED_MESSAGE), "failed", "bad-response")
        if len(frame) > MAX_FRAME_BYTES:
            text = f"The response has {len(frame)} bytes; the peer takes {MAX_FRAME_BYTES} at most."
            _log.error("Transaction %s: %s", tx_id, text)
            return Ending(messages.error(channel_id, tx_id, text), "failed", "response-too-large")
        if response.endorsed:
            return Ending(frame, "endorsed")
        return Ending(frame, "failed" if outcome.masked else "refused", outcome.code)


def _resumption(
    coroutine: Coroutine[object, object, object], answer: bytes | BaseException
) -> Callable[[], object]:
    if isinstance(answer, BaseException):
        return partial(coroutine.throw, answer)
    return partial(coroutine.send, answer)


def _nothing() -> None:
    """What follows from a step that nobody waits for."""
