"""The narrow door between the stub and whatever holds the state: a peer's stream, or the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Generic, Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class KV:
    """A key of the world state or of a collection, and its value."""

    key: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyModification:
    """One change of a key: what a transaction wrote, and when (the transaction's own UTC timestamp)."""

    tx_id: str
    value: bytes = field(repr=False)
    timestamp: datetime
    is_delete: bool


Item_co = TypeVar("Item_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Item_co]):
    """The results that one message of the peer carries.

    ``query_id`` names the peer's iterator while ``has_more``. ``bookmark`` and ``fetched_records_count`` are
    for paginated queries only.
    """

    items: tuple[Item_co, ...]
    query_id: str = ""
    has_more: bool = False
    bookmark: str = ""
    fetched_records_count: int = 0


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many results a paginated query may give, and where it goes on (empty: at the start)."""

    size: int
    bookmark: str = ""


class WriteKind(IntEnum):
    """What a write does to its key; the numbers are those of the protocol's ``WriteRecord.Type``."""

    PUT = 9
    DELETE = 10
    VALIDATION_PARAMETER = 21
    PURGE = 23


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a transaction. ``collection`` is empty for the public state.

    ``value`` is what PUT stores, or the serialized endorsement policy of VALIDATION_PARAMETER.
    """

    kind: WriteKind
    collection: str
    key: str
    value: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a called chaincode answered: its own status (200: success), message and payload."""

    status: int
    message: str
    payload: bytes = field(repr=False)


class Ledger(Protocol):
    """What one transaction may ask of the ledger. ``collection`` is empty for the public state.

    A missing key and an empty value are both ``b""``. Every method raises
    :class:`~fabric_shim.errors.LedgerError` when the ledger refuses.
    """

    @property
    def write_batch_size(self) -> int:
        """How many writes one message carries; 1 where the peer takes them one by one."""
        ...

    async def get_state(self, collection: str, key: str) -> bytes: ...

    async def get_states(self, collection: str, keys: Sequence[str]) -> Sequence[bytes]:
        """Return one value per key, in the order of the keys; a key may come twice."""
        ...

    async def get_private_data_hash(self, collection: str, key: str) -> bytes: ...

    async def get_validation_parameter(self, collection: str, key: str) -> bytes: ...

    async def write(self, writes: Sequence[Write]) -> None:
        """Do the writes in order, in as few messages as the ledger allows."""
        ...

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]: ...

    async def get_query_result(self, collection: str, query: str, page: PageRequest | None) -> Batch[KV]: ...

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]: ...

    async def next_states(self, query_id: str) -> Batch[KV]: ...

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]: ...

    async def close_query(self, query_id: str) -> None: ...

    async def invoke_chaincode(self, name: str, channel: str, args: Sequence[bytes]) -> CallResult:
        """Call a chaincode of this channel (``channel`` empty) or of another one."""
        ...
