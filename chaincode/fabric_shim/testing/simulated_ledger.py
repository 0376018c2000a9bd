"""What the chaincode asks of the ledger, answered and noted as a peer does.

Source: Fabric core/chaincode/handler.go, core/ledger/kvledger/txmgmt/txmgr/{tx_simulator,query_executor}.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeGuard, TypeVar

from fabric_shim.errors import LedgerError, QueryNotSupportedError
from fabric_shim.ledger import KV, Batch, CallResult, KeyModification, PageRequest, Write, WriteKind
from fabric_shim.testing.access import CollectionAccess, RefusedRequestError
from fabric_shim.testing.channel import Definition
from fabric_shim.testing.queries import OpenQueries, RangeReader, page_of
from fabric_shim.testing.rwset import KeySet, sha256
from fabric_shim.testing.simulation import Simulation
from fabric_shim.testing.world import Entry, Store

WRITE_BATCH_SIZE: Final = 1000
"""Writes in one message: a peer's default (core.yaml, chaincode.runtimeParams.maxSizeWriteBatch)."""

_WRITE_MESSAGES: Final = {
    WriteKind.PUT: "PUT_STATE",
    WriteKind.DELETE: "DEL_STATE",
    WriteKind.PURGE: "PURGE_PRIVATE_DATA",
    WriteKind.VALIDATION_PARAMETER: "PUT_STATE_METADATA",
}

Item = TypeVar("Item")


class SimulatedLedger:
    """The :class:`~fabric_shim.ledger.Ledger` of one chaincode in one simulated transaction."""

    write_batch_size = WRITE_BATCH_SIZE

    def __init__(self, simulation: Simulation, definition: Definition) -> None:
        self._simulation = simulation
        self._definition = definition
        self._access = CollectionAccess(
            definition,
            simulation.channel.name,
            simulation.channel.organizations,
            peer=simulation.peer,
            creator=simulation.creator,
        )
        self._set = simulation.read_write_set.namespaces[definition.name]
        self._states: OpenQueries[KV] = OpenQueries("states")
        self._modifications: OpenQueries[KeyModification] = OpenQueries("history")

    async def get_state(self, collection: str, key: str) -> bytes:
        with self._request("GET_STATE"):
            if not collection:
                return self._read(collection, key)
            config = self._access.admitted(collection, write=False)
            entry = self._store(collection).get(key)
            if entry is not None and self._access.lacks(config):
                raise RefusedRequestError(
                    "private data matching public hash version is not available. "
                    f"Public hash version = {entry.version}, Private data version = <nil>"
                )
            return self._read(collection, key)

    async def get_states(self, collection: str, keys: Sequence[str]) -> Sequence[bytes]:
        with self._request("GET_STATE_MULTIPLE"):
            if collection and self._access.lacks(self._access.admitted(collection, write=False)):
                # Here a peer does not compare with the public hashes: it finds nothing and notes that.
                for key in keys:
                    self._keys(collection).reads[key] = None
                return [b""] * len(keys)
            return [self._read(collection, key) for key in keys]

    async def get_private_data_hash(self, collection: str, key: str) -> bytes:
        with self._request("GET_PRIVATE_DATA_HASH"):
            self._access.defined(collection)
            value = self._read(collection, key)
            return sha256(value) if value else b""

    async def get_validation_parameter(self, collection: str, key: str) -> bytes:
        with self._request("GET_STATE_METADATA"):
            if collection:
                self._access.admitted(collection, write=False)
            self._read(collection, key)
            entry = self._store(collection).get(key)
            return entry.validation_parameter if entry else b""

    async def write(self, writes: Sequence[Write]) -> None:
        for position in range(0, len(writes), self.write_batch_size):
            batch = writes[position : position + self.write_batch_size]
            kind = _WRITE_MESSAGES[batch[0].kind] if len(batch) == 1 else "WRITE_BATCH_STATE"
            with self._request(kind):
                for each in batch:
                    self._write(each)

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]:
        with self._request("GET_STATE_BY_RANGE"):
            if collection:
                config = self._access.admitted(collection, write=False)
                self._become_read_only("Queries on pvt data is", "queries on pvt data")
                found = (
                    () if self._access.lacks(config) else self._store(collection).range(start_key, end_key)
                )
                return self._states.open(_states(found), _unnoted)
            store = self._store("")
            if not _is_paginated(page):
                reader = self._reader(start_key, end_key)
                return self._states.open(_states(store.range(start_key, end_key)), reader)
            self._become_read_only("Paginated queries are", "a paginated query")
            start = page.bookmark or start_key
            bookmarked = _states(store.range(start, end_key))
            return page_of(bookmarked, self._reader(start, end_key), page.size)

    async def get_query_result(self, collection: str, query: str, page: PageRequest | None) -> Batch[KV]:  # noqa: ARG002 - no query is run
        with self._request("GET_QUERY_RESULT"):
            if collection:
                self._access.admitted(collection, write=False)
                self._become_read_only("Queries on pvt data is", "queries on pvt data")
            elif _is_paginated(page):
                self._become_read_only("Paginated queries are", "a paginated query")
            raise QueryNotSupportedError(tx_id=self._simulation.invocation.tx_id)

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]:
        changes = self._simulation.channel.world.history.get((self._definition.name, key), [])
        return self._modifications.open(reversed(changes), _unnoted)

    async def next_states(self, query_id: str) -> Batch[KV]:
        with self._request("QUERY_STATE_NEXT"):
            return _next(self._states, query_id)

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]:
        with self._request("QUERY_STATE_NEXT"):
            return _next(self._modifications, query_id)

    async def close_query(self, query_id: str) -> None:
        self._states.close(query_id)
        self._modifications.close(query_id)

    async def invoke_chaincode(self, name: str, channel: str, args: Sequence[bytes]) -> CallResult:
        with self._request("INVOKE_CHAINCODE"):
            response = await self._simulation.call(name, channel, args)
            return CallResult(response.status, response.message, response.payload)

    def _read(self, collection: str, key: str) -> bytes:
        entry = self._store(collection).get(key)
        self._keys(collection).reads[key] = entry and entry.version
        return entry.value if entry else b""

    def _write(self, write: Write) -> None:
        if write.kind is WriteKind.PURGE and not write.collection:
            raise RefusedRequestError("only applicable for private data")
        if write.collection:
            self._access.admitted(write.collection, write=True)
        simulation = self._simulation
        if simulation.read_only_because:
            raise self._unsupported(
                f"Transaction has already performed {simulation.read_only_because}. Writes are not allowed"
            )
        simulation.wrote = True
        keys = self._keys(write.collection)
        if write.kind is WriteKind.VALIDATION_PARAMETER:
            keys.validation_parameters[write.key] = write.value
        else:
            value = write.value if write.kind is WriteKind.PUT else None
            keys.write(write.key, value, purge=write.kind is WriteKind.PURGE)

    def _become_read_only(self, supported: str, performed: str) -> None:
        # Such results cannot be validated at commit.
        if self._simulation.wrote:
            raise self._unsupported(f"{supported} supported only in a read-only transaction")
        self._simulation.read_only_because = performed

    def _unsupported(self, text: str) -> RefusedRequestError:
        return RefusedRequestError(
            f"txid [{self._simulation.invocation.tx_id}]: unsuppored transaction. {text}"
        )

    def _reader(self, start_key: str, end_key: str) -> RangeReader:
        reader = RangeReader(self._store(""), start_key, end_key)
        self._simulation.readers.append((self._definition.name, reader))
        return reader

    def _keys(self, collection: str) -> KeySet:
        return self._set.keys(collection)

    def _store(self, collection: str) -> Store:
        return self._simulation.channel.world.store(self._definition.name, collection)

    @contextmanager
    def _request(self, kind: str) -> Iterator[None]:
        try:
            yield
        except RefusedRequestError as refused:
            tx_id = self._simulation.invocation.tx_id
            raise LedgerError(f"{kind} failed: transaction ID: {tx_id}: {refused}", tx_id=tx_id) from None


def _next(queries: OpenQueries[Item], query_id: str) -> Batch[Item]:
    try:
        return queries.advance(query_id)
    except KeyError:
        raise RefusedRequestError("query iterator not found") from None


def _is_paginated(page: PageRequest | None) -> TypeGuard[PageRequest]:
    return page is not None and (page.size > 0 or page.bookmark != "")


def _unnoted(_read: object) -> None:
    """Private ranges and histories are in no read set."""


def _states(found: Iterable[tuple[str, Entry]]) -> Iterator[KV]:
    return (KV(key, entry.value) for key, entry in found)
