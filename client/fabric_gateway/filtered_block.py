"""What a filtered block tells: which transactions it holds and which are valid, and none of their data."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_gateway.validation import ValidationCode


@dataclass(frozen=True, slots=True)
class FilteredChaincodeEvent:
    """That a chaincode emitted an event; its payload is not told.

    Attributes:
        block_number: the block that holds the transaction.
        transaction_id: hexadecimal.
        chaincode_name: who emitted it.
        event_name: the chaincode's name for it.
    """

    block_number: int
    transaction_id: str
    chaincode_name: str
    event_name: str


@dataclass(frozen=True, slots=True)
class FilteredTransaction:
    """One transaction (``protos.FilteredTransaction``).

    Attributes:
        transaction_id: hexadecimal; empty for configurations.
        type: ENDORSER_TRANSACTION, CONFIG, or another name of ``common.HeaderType``.
        validation_code: the verdict of the peer that was asked.
        chaincode_events: of a transaction that is not valid too: look at ``validation_code``.
    """

    transaction_id: str
    type: str
    validation_code: ValidationCode
    chaincode_events: tuple[FilteredChaincodeEvent, ...]

    @property
    def is_valid(self) -> bool:
        """Whether it changed anything."""
        return self.validation_code is ValidationCode.VALID


@dataclass(frozen=True, slots=True)
class FilteredBlock:
    """A block without its data (``protos.FilteredBlock``).

    Attributes:
        channel: as its transactions claim.
        number: from 0.
        transactions: in order, without those that the peer could not decode.
    """

    channel: str
    number: int
    transactions: tuple[FilteredTransaction, ...]

    def transaction(self, transaction_id: str) -> FilteredTransaction | None:
        """The first transaction with that id, or None."""
        return next((t for t in self.transactions if t.transaction_id == transaction_id), None)
