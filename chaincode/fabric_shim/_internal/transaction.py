"""One running transaction's requests to the peer's ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fabric_shim._internal import messages
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim.errors import LedgerError
from fabric_shim.ledger import KV, Batch, KeyModification, PageRequest


class PeerLedger:
    """The :class:`~fabric_shim.ledger.Ledger` of one transaction over a stream.

    The peer drops a second request of a transaction while one is pending (core/chaincode/handler.go,
    registerTxid), so requests wait for one another.
    """

    def __init__(self, channel_id: str, tx_id: str, send: Callable[[bytes], None]) -> None:
        self._channel_id = channel_id
        self._tx_id = tx_id
        self._send = send
        self._turn = asyncio.Lock()
        self._pending: asyncio.Future[bytes] | None = None
        self._over = False

    def deliver(self, message: Message) -> bool:
        """Hand the peer's answer to the request that waits for it; False if none does."""
        if self._pending is None or self._pending.done():
            return False
        if message.type == MessageType.RESPONSE:
            self._pending.set_result(message.payload)
        else:
            text = message.payload.decode(errors="replace")
            self._pending.set_exception(LedgerError(text, tx_id=self._tx_id))
        return True

    def close(self) -> None:
        """Refuse all further requests: the transaction has its response."""
        self._over = True

    async def get_state(self, collection: str, key: str) -> bytes:
        return await self._ask(MessageType.GET_STATE, messages.get_state(collection, key))

    async def get_private_data_hash(self, collection: str, key: str) -> bytes:
        return await self._ask(MessageType.GET_PRIVATE_DATA_HASH, messages.get_state(collection, key))

    async def put_state(self, collection: str, key: str, value: bytes) -> None:
        await self._ask(MessageType.PUT_STATE, messages.put_state(collection, key, value))

    async def del_state(self, collection: str, key: str) -> None:
        await self._ask(MessageType.DEL_STATE, messages.del_state(collection, key))

    async def purge_private_data(self, collection: str, key: str) -> None:
        await self._ask(MessageType.PURGE_PRIVATE_DATA, messages.del_state(collection, key))

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]:
        payload = messages.get_state_by_range(collection, start_key, end_key, page)
        return messages.parse_states(await self._ask(MessageType.GET_STATE_BY_RANGE, payload))

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]:
        payload = messages.get_history_for_key(key)
        return messages.parse_modifications(await self._ask(MessageType.GET_HISTORY_FOR_KEY, payload))

    async def next_states(self, query_id: str) -> Batch[KV]:
        payload = messages.query_state_next(query_id)
        return messages.parse_states(await self._ask(MessageType.QUERY_STATE_NEXT, payload))

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]:
        payload = messages.query_state_next(query_id)
        return messages.parse_modifications(await self._ask(MessageType.QUERY_STATE_NEXT, payload))

    async def close_query(self, query_id: str) -> None:
        await self._ask(MessageType.QUERY_STATE_CLOSE, messages.query_state_close(query_id))

    async def _ask(self, kind: MessageType, payload: bytes) -> bytes:
        async with self._turn:
            if self._over:
                raise LedgerError(
                    "The transaction is over; await every ledger call in it.", tx_id=self._tx_id
                )
            self._pending = asyncio.get_running_loop().create_future()
            self._send(messages.request(kind, self._channel_id, self._tx_id, payload))
            try:
                return await self._pending
            except asyncio.CancelledError:
                # The answer will still come, and nothing tells it from the next request's.
                self._over = True
                raise
            finally:
                self._pending = None
