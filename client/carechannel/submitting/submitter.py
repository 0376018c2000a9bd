"""Submits to a chaincode so that nothing is applied twice, over several gateway peers, within a deadline."""

from __future__ import annotations

import asyncio
import hmac
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.x509.oid import NameOID
from fabric_gateway import FabricGatewayError, Gateway, Signer

from carechannel.errors import CareChannelError
from carechannel.submitting import errors
from carechannel.submitting.calls import Calls
from carechannel.submitting.deadline import Deadline
from carechannel.submitting.execution import (
    Claimed,
    Endorsed,
    Execution,
    Habits,
    Submitted,
    damaged,
    endorsed_of,
)
from carechannel.submitting.fingerprint import Request
from carechannel.submitting.limits import Limits
from carechannel.submitting.observer import OTHER_FUNCTION, Call, Ended, Kind, Observer, Observers, Outcome
from carechannel.submitting.peers import GatewayPeer, PeerHealth, PeerSet
from carechannel.submitting.reasons import ELSEWHERE, reason_of
from carechannel.submitting.records import Records, Slot, State
from carechannel.submitting.retry import Retry

_LONGEST_KEY: Final = 255
# NUL and half a surrogate pair are letters that not every database takes.
_KEY: Final = re.compile(rf"[^\0\ud800-\udfff]{{1,{_LONGEST_KEY}}}")


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Where submissions with a key are written down.

    Attributes:
        records: the durable store, shared by all processes that may be given the same keys.
        fingerprint_key: gives at least 32 secret bytes, the same in all of them: without it nobody can try
            out contents against the store. `FileRecords.fingerprint_key` keeps one.
    """

    records: Records
    fingerprint_key: Callable[[], bytes] = field(repr=False)


class Submitter:
    """One contract as one identity submits to it. Any number of tasks may use it.

    Args:
        peers: the gateway peers that may be used, the preferred one first. They see what is submitted,
            transient content included.
        channel: the channel's name.
        chaincode: the chaincode's name.
        signer: of the identity whose gateways these are.
        contract: the contract's name within the chaincode; None: its default contract.
        idempotency: needed for calls with an idempotency key.
        retry: how often to try, and how long to wait in between.
        limits: of single steps, and of calls that are given no deadline.
        functions: the names that spans and metrics may show; any other is shown as ``other``. Constants of
            the application, or the contract's metadata; never what a user typed.
        observers: see `carechannel.submitting.tracing` and `carechannel.submitting.metrics`.
        health: what is known of the peers; give the same one to all submitters of a process.
        sleep: for tests.
        draw: a number in [0, 1) for the jitter, for tests.
    """

    def __init__(
        self,
        peers: Sequence[GatewayPeer],
        *,
        channel: str,
        chaincode: str,
        signer: Signer,
        contract: str | None = None,
        idempotency: Idempotency | None = None,
        retry: Retry | None = None,
        limits: Limits | None = None,
        functions: Collection[str] = (),
        observers: Sequence[Observer] = (),
        health: PeerHealth | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
    ):
        self._peers = PeerSet(peers, health or PeerHealth())
        self._channel = channel
        self._chaincode = chaincode
        self._contract = contract
        self._idempotency = idempotency
        self._habits = Habits(signer, retry or Retry(), limits or Limits(), sleep, draw)
        self._functions = frozenset(functions)
        self._observer = Observers(observers)

    async def submit(
        self,
        function: str,
        *,
        arguments: Sequence[str | bytes] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
        idempotency_key: str | None = None,
        deadline: Deadline | None = None,
    ) -> Submitted:
        """Calls a function that writes, and gives its result once its transaction is valid.

        What may succeed at another time is tried again (`carechannel.submitting.reasons`), what may have been
        applied is never applied anew.

        Args:
            function: its name, without the contract's.
            arguments: they lie in clear on every member's ledger.
            transient: content for the endorsing peers only.
            endorsing_organizations: MSP IDs whose peers are asked, and no others.
            idempotency_key: calls of one identity with the same key and the same request are applied once,
                by whatever process and after whatever crash, and all give the same result. 1 to 255 letters.
                It is written down in clear: let it hold nothing about a person.
            deadline: of the whole call; None: ``Limits.call`` from now.

        Raises:
            EndorseError: the chaincode refused, or endorsements are missing. Nothing was written.
            SubmitError: the gateway refused before ordering. Nothing was written.
            CommitError: in a block, but not valid. Nothing was written.
            DeadlineError: the deadline passed. Nothing was written.
            OutcomeUnknownError: the deadline passed, and it may or may not be written.
            KeyReusedError: the idempotency key stands for another request, or another identity's. Nothing
                was sent.
            KeyBusyError: another caller worked on this key until the deadline.
            RecordsError: what is written down of this key cannot be read or written. Nothing new was sent.
            ValueError: there is a key, but the submitter was made without ``idempotency``; or it is none
                that every store can keep.
        """
        request = Request(
            self._channel,
            self._chaincode,
            self._contract,
            function,
            tuple(arguments),
            tuple((transient or {}).items()),
            tuple(endorsing_organizations),
        )
        async with self._call("submit", function, deadline) as (calls, ended):
            if idempotency_key is None:
                submitted = await self._execution(calls, request).run()
            else:
                submitted = await self._submit_once(calls, request, idempotency_key)
            ended("committed" if submitted.attempts else "replayed")
            return submitted

    async def evaluate(
        self,
        function: str,
        *,
        arguments: Sequence[str | bytes] = (),
        transient: Mapping[str, bytes] | None = None,
        endorsing_organizations: Sequence[str] = (),
        deadline: Deadline | None = None,
    ) -> bytes:
        """Calls a function that only reads, at another peer if one does not answer.

        Another peer may be some blocks behind or ahead.

        Args:
            function: its name, without the contract's.
            arguments: they stay at the peers that are asked.
            transient: the same.
            endorsing_organizations: MSP IDs whose peers may answer, and no others.
            deadline: of the whole call; None: ``Limits.call`` from now.

        Raises:
            EvaluateError: the chaincode refused, or no peer could answer.
            DeadlineError: the deadline passed.
        """

        async def work(gateway: Gateway, seconds: float) -> bytes:
            contract = gateway.network(self._channel).contract(self._chaincode, self._contract)
            return await contract.new_proposal(
                function,
                arguments=arguments,
                transient=transient,
                endorsing_organizations=endorsing_organizations,
            ).evaluate(timeout=seconds)

        habits = self._habits
        async with self._call("evaluate", function, deadline) as (calls, ended):
            while not calls.deadline.passed:
                calls.attempts += 1
                try:
                    result = await calls.at_a_peer("evaluate", habits.limits.evaluate, work)
                except FabricGatewayError as error:
                    if reason_of(error) not in ELSEWHERE or calls.attempts >= habits.retry.attempts:
                        raise
                    calls.avoid_current("evaluate")
                else:
                    ended("evaluated")
                    return result
                pause = habits.retry.pause(calls.attempts, habits.draw)
                await habits.sleep(min(pause, calls.deadline.left() / 2))
            raise calls.too_late() from calls.error

    async def _submit_once(self, calls: Calls, request: Request, key: str) -> Submitted:
        if self._idempotency is None:
            raise ValueError("this submitter was made without `idempotency`, so it takes no idempotency key")
        if not _KEY.fullmatch(key):
            raise ValueError(
                f"an idempotency key has 1 to {_LONGEST_KEY} letters of Unicode, none of them NUL"
            )
        records, secret = self._idempotency.records, self._idempotency.fingerprint_key()
        identity = (await self._peers.best().gateway()).identity
        # What another identity asks for is another request: the ledger holds who asked.
        names = identity.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        request = replace(request, creator=(identity.msp_id, *(str(name.value) for name in names)))
        slot, fingerprint = Slot(self._channel, self._chaincode, key), request.fingerprint(secret)
        while True:
            try:
                async with AsyncExitStack() as stack:
                    with calls.timed("claim"):
                        claim = await stack.enter_async_context(records.claim(slot, calls.deadline))
                    return await self._continue(calls, request, Claimed(claim, fingerprint))
            except errors.ClaimLostError:
                # Whoever took over goes on from what is written down; this caller waits for that.
                continue

    async def _continue(self, calls: Calls, request: Request, claimed: Claimed) -> Submitted:
        record = claimed.claim.record
        if record is None:
            return await self._execution(calls, request, claimed).run()
        if not hmac.compare_digest(record.fingerprint, claimed.fingerprint):
            raise errors.KeyReusedError(
                "This idempotency key was used before for another request; give each request its own key."
            )
        calls.transaction_id = record.envelope.transaction_id
        if record.state is State.DEAD:
            return await self._execution(calls, request, claimed).run()
        earlier = endorsed_of(await self._peers.best().gateway(), record.envelope)
        if record.state is State.COMMITTED:
            if record.block_number is None:
                raise damaged(record.envelope)
            return Submitted(earlier.result, record.envelope.transaction_id, record.block_number, attempts=0)
        return await self._execution(calls, request, claimed, earlier).run()

    def _execution(
        self,
        calls: Calls,
        request: Request,
        claimed: Claimed | None = None,
        earlier: Endorsed | None = None,
    ) -> Execution:
        return Execution(
            calls, self._habits, request, peers=len(self._peers), claimed=claimed, earlier=earlier
        )

    @asynccontextmanager
    async def _call(
        self, kind: Kind, function: str, deadline: Deadline | None
    ) -> AsyncIterator[tuple[Calls, Callable[[Outcome], None]]]:
        """A call that the observers see from its begin to its end."""
        call = Call(kind, self._channel, self._chaincode, self._label(function))
        calls = Calls(self._peers, deadline or Deadline.after(self._habits.limits.call), self._observer, call)
        began = time.monotonic()
        outcome: Outcome = "failed"
        code = "error"

        def ended(well: Outcome) -> None:
            nonlocal outcome, code
            outcome, code = well, ""

        self._observer.call_began(call)
        try:
            yield calls, ended
        except asyncio.CancelledError:
            outcome, code = "cancelled", "cancelled"
            raise
        except errors.OutcomeUnknownError:
            outcome, code = "unknown", "deadline"
            raise
        except CareChannelError as error:
            code = "deadline" if isinstance(error, errors.DeadlineError) else type(error).code
            raise
        except FabricGatewayError as error:
            code = reason_of(error).value
            raise
        finally:
            seconds = time.monotonic() - began
            self._observer.call_ended(
                call, Ended(outcome, code, calls.attempts, seconds, calls.transaction_id)
            )

    def _label(self, function: str) -> str:
        return function if function in self._functions else OTHER_FUNCTION
