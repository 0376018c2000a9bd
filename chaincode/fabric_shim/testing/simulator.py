"""The ledger simulator: runs a chaincode's transactions on a ledger in memory, one organisation's peer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from fabric_shim._internal import messages
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim.chaincode import Chaincode, Response, execute
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.ledger import KeyModification
from fabric_shim.stub import ChaincodeEvent, ChaincodeStub, Invocation, SignedProposal
from fabric_shim.testing.identity import TestIdentity
from fabric_shim.testing.simulation import ReadSet, SimulatedLedger
from fabric_shim.testing.state import CommittedState

_FIRST_TIMESTAMP = datetime(2026, 1, 1, tzinfo=UTC)
_NONCE_BYTES = 24
_NO_FIELDS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TransactionResult:
    """What came of a transaction.

    :ivar payload: the response's payload.
    :ivar event: the event; published only by a submit.
    :ivar reads: what a block shows of its reads.
    :ivar writes: public keys and their new values, None for a deletion.
    :ivar private_writes: the same per collection.
    :ivar committed: False for an evaluate.
    """

    tx_id: str
    timestamp: datetime
    response: Response
    event: ChaincodeEvent | None
    reads: ReadSet
    writes: Mapping[str, bytes | None] = field(repr=False)
    private_writes: Mapping[str, Mapping[str, bytes | None]] = field(repr=False)
    committed: bool

    @property
    def payload(self) -> bytes:
        """The response's payload."""
        return self.response.payload

    @property
    def hashed_writes(self) -> Mapping[str, Mapping[bytes, bytes | None]]:
        """What every member sees of the private writes: per collection SHA-256 of key → SHA-256 of value."""
        return {
            collection: {
                _sha256(key.encode()): None if value is None else _sha256(value)
                for key, value in entries.items()
            }
            for collection, entries in self.private_writes.items()
        }


class LedgerSimulator:
    """A channel's ledger with one chaincode.

    Transactions read the committed state only and commit one after another. The clock is the test's: it
    starts on 2026-01-01 and moves one second with each transaction; ``now`` may be set.

    :param channel: the channel's name.
    :param chaincode: what answers the transactions.
    :param collections: the collections of the chaincode's definition; implicit ones always exist.
    """

    def __init__(self, channel: str, chaincode: Chaincode, *, collections: Iterable[str] = ()) -> None:
        self.channel = channel
        self.now = _FIRST_TIMESTAMP
        self._chaincode = chaincode
        self._collections = frozenset(collections)
        self._state = CommittedState()
        self._count = 0

    @property
    def state(self) -> Mapping[str, bytes]:
        """The public state."""
        return MappingProxyType(self._state.collections[""])

    def private_state(self, collection: str) -> Mapping[str, bytes]:
        """The private data of a collection."""
        return MappingProxyType(self._state.collections[collection])

    def history(self, key: str) -> tuple[KeyModification, ...]:
        """What transactions did to a public key, newest first."""
        return tuple(reversed(self._state.history.get(key, [])))

    async def submit(
        self,
        function: str,
        args: Sequence[str | bytes] = (),
        *,
        creator: TestIdentity,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        timestamp: datetime | None = None,
        peer: str | None = None,
    ) -> TransactionResult:
        """Run a transaction and commit it.

        :param timestamp: the client's clock, aware; None takes the simulator's next second.
        :param peer: MSP ID of the organisation whose peer simulates; it lacks the implicit collections of all
            others. None: a peer that has everything.
        :raises TransactionRefusedError: the response has status 400 or more; nothing is committed.
        """
        invocation = self._invocation((function, *args), creator, transient, timestamp)
        return await self._run(invocation, peer, commit=True)

    async def evaluate(
        self,
        function: str,
        args: Sequence[str | bytes] = (),
        *,
        creator: TestIdentity,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        timestamp: datetime | None = None,
        peer: str | None = None,
    ) -> TransactionResult:
        """Run a transaction without committing anything. Parameters and errors as for :meth:`submit`."""
        invocation = self._invocation((function, *args), creator, transient, timestamp)
        return await self._run(invocation, peer, commit=False)

    async def _run(self, invocation: Invocation, peer: str | None, *, commit: bool) -> TransactionResult:
        tx_id = invocation.tx_id
        ledger = SimulatedLedger(tx_id, self._state, self._collections, peer)
        stub = ChaincodeStub(invocation, ledger)
        outcome = await execute(self._chaincode, stub)
        response = outcome.response
        if not response.endorsed:
            refusal = TransactionRefusedError(
                response.message, status=response.status, code=outcome.code, tx_id=tx_id
            )
            raise refusal from outcome.masked
        if commit:
            self._state.commit(tx_id, invocation.timestamp, ledger.writes)
        return TransactionResult(
            tx_id,
            invocation.timestamp,
            response,
            stub.event,
            ledger.reads,
            ledger.writes.public,
            dict(ledger.writes.private),
            commit,
        )

    def _invocation(
        self,
        args: Sequence[str | bytes],
        creator: TestIdentity,
        transient: Mapping[str, bytes],
        timestamp: datetime | None,
    ) -> Invocation:
        self._count += 1
        self.now += timedelta(seconds=1)
        nonce = self._count.to_bytes(_NONCE_BYTES, "big")
        tx_id = _sha256(nonce + creator.creator).hex()
        wire_args = tuple(arg.encode() if isinstance(arg, str) else arg for arg in args)
        proposal = messages.proposal(
            self.channel,
            tx_id,
            timestamp=timestamp or self.now,
            creator=creator.creator,
            nonce=nonce,
            transient=transient,
            args=wire_args,
        )
        # Read back as from a peer, so that a contract sees what the wire would give it.
        return messages.parse_invocation(
            Message(
                MessageType.TRANSACTION,
                self.channel,
                tx_id,
                messages.arguments(wire_args),
                SignedProposal(proposal, creator.sign(proposal)),
            )
        )


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
