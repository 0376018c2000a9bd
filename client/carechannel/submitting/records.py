"""What is written down of a submission with an idempotency key, so that a crash does not repeat it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from carechannel.submitting.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a record lies: the caller's key, within one chaincode of one channel."""

    channel: str
    chaincode: str
    key: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """An endorsed and signed transaction. Handed over twice it is applied once.

    Attributes:
        transaction_id: hexadecimal.
        transaction: ``Transaction.bytes`` (a serialized ``gateway.PreparedTransaction``). It holds the
            arguments and the result as every member's ledger will; never transient content.
        signature: of its digest, by the key of the identity that proposed it.
    """

    transaction_id: str
    transaction: bytes = field(repr=False)
    signature: bytes = field(repr=False)


class State(StrEnum):
    """What is known of the envelope that was written down last."""

    SENT = "sent"
    """It may have been handed over, and may be valid."""
    COMMITTED = "committed"
    DEAD = "dead"
    """It is not valid and never becomes so."""


@dataclass(frozen=True, slots=True)
class Record:
    """The state of one idempotency key.

    Attributes:
        fingerprint: `Request.fingerprint` of the request that the key stands for.
        envelope: the last one; the only one that may be valid.
        state: what is known of it.
        block_number: where it lies, once committed.
    """

    fingerprint: bytes
    envelope: Envelope
    state: State
    block_number: int | None = None


class Claim(Protocol):
    """The exclusive right to work on one slot."""

    @property
    def record(self) -> Record | None:
        """What was written down when the claim was taken; None: nothing."""

    async def save(self, record: Record) -> None:
        """Writes a record durably in place of the one before.

        Raises:
            ClaimLostError: another caller took over; nothing was written.
            RecordsError: it cannot be written.
        """


class Records(Protocol):
    """A durable store of records; see `FileRecords` and `carechannel.submitting.sql_records.SqlRecords`."""

    def claim(self, slot: Slot, deadline: Deadline) -> AbstractAsyncContextManager[Claim]:
        """Takes the slot, waiting for other callers, of other processes too; leaving the context frees it.

        Raises:
            KeyBusyError: another caller had it until the deadline.
            RecordsError: the record cannot be read, or is damaged.
        """

    async def forget(self, before: datetime) -> int:
        """Deletes records written before then whose outcome is known; gives how many.

        A key that is forgotten can be used again: keep records for longer than callers repeat their requests.
        """
