"""What a simulated channel commits: blocks of endorsed transactions, each with its validation code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from fabric_shim.chaincode import Response
from fabric_shim.stub import ChaincodeEvent
from fabric_shim.testing import rwset
from fabric_shim.testing.rwset import ReadSet, ReadWriteSet


class ValidationCode(IntEnum):
    """What came of a transaction in a block (fabric-protos peer/transaction.proto, TxValidationCode)."""

    VALID = 0
    DUPLICATE_TXID = 9
    ENDORSEMENT_POLICY_FAILURE = 10
    MVCC_READ_CONFLICT = 11
    PHANTOM_READ_CONFLICT = 12


@dataclass(frozen=True, slots=True)
class Endorsed:
    """A transaction that peers have endorsed and that may be committed: now, later, or never.

    :ivar timestamp: the client's clock.
    :ivar response: what the chaincode answered; members find it in the block.
    :ivar event: the event that is published when the transaction is valid.
    :ivar read_write_set: what it reads and writes, of every chaincode that took part.
    :ivar endorsers: MSP IDs of the endorsing peers; None: every organisation.
    """

    tx_id: str
    timestamp: datetime
    chaincode: str
    response: Response
    event: ChaincodeEvent | None
    read_write_set: ReadWriteSet = field(repr=False)
    endorsers: tuple[str, ...] | None

    @property
    def payload(self) -> bytes:
        """The response's payload."""
        return self.response.payload

    @property
    def reads(self) -> ReadSet:
        """What a block shows of the reads of the chaincode that the client called."""
        return rwset.read_set(self.read_write_set.namespaces[self.chaincode])

    @property
    def writes(self) -> Mapping[str, bytes | None]:
        """Its public keys and their new values, None for a deletion."""
        return self.read_write_set.namespaces[self.chaincode].public.writes

    @property
    def private_writes(self) -> Mapping[str, Mapping[str, bytes | None]]:
        """The same per collection."""
        sets = self.read_write_set.namespaces[self.chaincode].collections
        return {name: keys.writes for name, keys in sets.items() if keys.writes}

    @property
    def hashed_writes(self) -> Mapping[str, Mapping[bytes, bytes | None]]:
        """What every member sees of the private writes: per collection SHA-256 of key → SHA-256 of value."""
        return {name: rwset.hashed(writes) for name, writes in self.private_writes.items()}


@dataclass(frozen=True, slots=True)
class TransactionResult(Endorsed):
    """What came of a transaction that was evaluated or submitted.

    :ivar committed: False for an evaluate.
    """

    committed: bool


@dataclass(frozen=True, slots=True)
class CommittedTransaction:
    """A transaction in a block, and what validation said."""

    transaction: Endorsed
    code: ValidationCode

    @property
    def valid(self) -> bool:
        """Whether its writes were applied and its event was published."""
        return self.code is ValidationCode.VALID


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its number, and its transactions in their order."""

    number: int
    transactions: tuple[CommittedTransaction, ...]

    @property
    def codes(self) -> tuple[ValidationCode, ...]:
        """The validation codes in the transactions' order."""
        return tuple(each.code for each in self.transactions)

    @property
    def events(self) -> tuple[PublishedEvent, ...]:
        """The chaincode events of the valid transactions in their order."""
        return tuple(
            PublishedEvent(self.number, one.tx_id, one.chaincode, one.event.name, one.event.payload)
            for one in (each.transaction for each in self.transactions if each.valid)
            if one.event is not None
        )


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """A chaincode event as clients of the channel get it."""

    block_number: int
    tx_id: str
    chaincode: str
    name: str
    payload: bytes = field(repr=False)
