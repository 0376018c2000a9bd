"""One running transaction's view of the ledger, over its exchange with the peer."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_shim._internal import ledger_messages as requests
from fabric_shim._internal.batching import BatchOffer, next_read, write_batches
from fabric_shim._internal.exchange import Exchange
from fabric_shim._internal.messages import MessageType
from fabric_shim.errors import LedgerError, QueryNotSupportedError
from fabric_shim.ledger import KV, Batch, CallResult, KeyModification, PageRequest, Write

# core/ledger/kvledger/txmgmt/statedb/stateleveldb/stateleveldb.go
_NO_QUERIES = "not supported for leveldb"


class PeerLedger:
    """The :class:`~fabric_shim.ledger.Ledger` of one transaction on a peer.

    :param exchange: carries the transaction's requests.
    :param offer: what the peer takes in one message.
    """

    def __init__(self, exchange: Exchange, offer: BatchOffer) -> None:
        self._exchange = exchange
        self._ask = exchange.ask
        self._offer = offer

    @property
    def write_batch_size(self) -> int:
        """See :class:`~fabric_shim.ledger.Ledger`."""
        return self._offer.write_batch

    async def get_state(self, collection: str, key: str) -> bytes:
        return await self._ask(MessageType.GET_STATE, requests.get_state(collection, key))

    async def get_states(self, collection: str, keys: Sequence[str]) -> Sequence[bytes]:
        if self._offer.get_multiple == 1:
            return [await self.get_state(collection, key) for key in keys]
        values: list[bytes] = []
        limit = self._offer.get_multiple
        while len(values) < len(keys):
            asked = keys[len(values) : len(values) + limit]
            payload = requests.get_state_multiple(collection, asked)
            answer = await self._ask(MessageType.GET_STATE_MULTIPLE, payload)
            found = requests.parse_values(answer)
            if len(found) != len(asked):
                # A peer whose database fails answers with no values at all, and no error
                # (core/ledger/kvledger/txmgmt/txmgr/query_executor.go): they are not missing keys.
                raise self._exchange.error("The peer could not read the keys; try again.")
            values += found
            limit = next_read(limit, len(asked), len(answer))
        return values

    async def get_private_data_hash(self, collection: str, key: str) -> bytes:
        return await self._ask(MessageType.GET_PRIVATE_DATA_HASH, requests.get_state(collection, key))

    async def get_validation_parameter(self, collection: str, key: str) -> bytes:
        payload = requests.get_state(collection, key)
        return requests.parse_validation_parameter(await self._ask(MessageType.GET_STATE_METADATA, payload))

    async def write(self, writes: Sequence[Write]) -> None:
        if self._offer.write_batch == 1:
            for one in writes:
                await self._ask(*requests.write(one))
        else:
            for batch in write_batches(writes, self._offer.write_batch):
                await self._ask(MessageType.WRITE_BATCH_STATE, requests.write_batch(batch))

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]:
        payload = requests.get_state_by_range(collection, start_key, end_key, page)
        return requests.parse_states(await self._ask(MessageType.GET_STATE_BY_RANGE, payload))

    async def get_query_result(self, collection: str, query: str, page: PageRequest | None) -> Batch[KV]:
        payload = requests.get_query_result(collection, query, page)
        try:
            return requests.parse_states(await self._ask(MessageType.GET_QUERY_RESULT, payload))
        except LedgerError as error:
            if _NO_QUERIES in str(error):
                raise QueryNotSupportedError(tx_id=error.tx_id) from error
            raise

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]:
        payload = requests.get_history_for_key(key)
        return requests.parse_modifications(await self._ask(MessageType.GET_HISTORY_FOR_KEY, payload))

    async def next_states(self, query_id: str) -> Batch[KV]:
        payload = requests.query_state(query_id)
        return requests.parse_states(await self._ask(MessageType.QUERY_STATE_NEXT, payload))

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]:
        payload = requests.query_state(query_id)
        return requests.parse_modifications(await self._ask(MessageType.QUERY_STATE_NEXT, payload))

    async def close_query(self, query_id: str) -> None:
        await self._ask(MessageType.QUERY_STATE_CLOSE, requests.query_state(query_id))

    async def invoke_chaincode(self, name: str, channel: str, args: Sequence[bytes]) -> CallResult:
        payload = requests.invoke_chaincode(name, channel, args)
        return requests.parse_call(await self._ask(MessageType.INVOKE_CHAINCODE, payload))
