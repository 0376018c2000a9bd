"""The narrow door between the stub and whatever holds the state: a peer's stream, or the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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

    ``query_id`` names the peer's iterator while ``has_more``. ``bookmark`` is for paginated queries only.
    """

    items: tuple[Item_co, ...]
    query_id: str = ""
    has_more: bool = False
    bookmark: str = ""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many results a paginated query may give, and where it goes on (empty: at the start)."""

    size: int
    bookmark: str = ""


class Ledger(Protocol):
    """What one transaction may ask of the ledger. ``collection`` is empty for the public state.

    Every method raises :class:`~fabric_shim.errors.LedgerError` when the ledger refuses.
    """

    async def get_state(self, collection: str, key: str) -> bytes: ...

    async def get_private_data_hash(self, collection: str, key: str) -> bytes: ...

    async def put_state(self, collection: str, key: str, value: bytes) -> None: ...

    async def del_state(self, collection: str, key: str) -> None: ...

    async def purge_private_data(self, collection: str, key: str) -> None: ...

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]: ...

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]: ...

    async def next_states(self, query_id: str) -> Batch[KV]: ...

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]: ...

    async def close_query(self, query_id: str) -> None: ...
