"""An event that a chaincode emitted with a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChaincodeEvent:
    """A transaction carries at most one.

    Attributes:
        block_number: the block that holds the transaction.
        transaction_id: hexadecimal.
        chaincode_name: who emitted it.
        event_name: the chaincode's name for it.
        payload: the chaincode's bytes; every member can read them. Left out of the repr.
    """

    block_number: int
    transaction_id: str
    chaincode_name: str
    event_name: str
    payload: bytes = field(repr=False)
