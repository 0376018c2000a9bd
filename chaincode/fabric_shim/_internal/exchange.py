"""One transaction's requests to the peer, and their answers."""

from __future__ import annotations

from typing import Final, final

from fabric_shim._internal import messages
from fabric_shim._internal.messages import MessageType
from fabric_shim._internal.steps import Ask
from fabric_shim.errors import LedgerError

MAX_FRAME_BYTES: Final = 100 * 1024 * 1024
"""The largest message that a peer takes or sends (internal/pkg/comm/config.go, DefaultMaxRecvMsgSize)."""


@final
class Exchange:
    """Requests of one transaction; whoever drives its coroutine brings them to the peer.

    The peer drops a second request of a transaction while one is pending (core/chaincode/handler.go,
    registerTxid). A coroutine that is driven by hand waits for each, so there never is a second one.
    """

    __slots__ = ("_channel_id", "_over", "_tx_id")

    def __init__(self, channel_id: str, tx_id: str) -> None:
        self._channel_id = channel_id
        self._tx_id = tx_id
        self._over = False

    def close(self) -> None:
        """Refuse all further requests: the transaction is over."""
        self._over = True

    async def ask(self, kind: MessageType, payload: bytes) -> bytes:
        """Send a ledger request and return the payload of its answer.

        :raises LedgerError: the peer refuses, the transaction is over, or the request is larger than the
            peer takes.
        """
        if self._over:
            raise self.error("The transaction is over; await every ledger call in it.")
        frame = messages.request(kind, self._channel_id, self._tx_id, payload)
        if len(frame) > MAX_FRAME_BYTES:
            raise self.error(f"The request has {len(frame)} bytes; the peer takes {MAX_FRAME_BYTES} at most.")
        return await Ask(self, frame, calls=kind == MessageType.INVOKE_CHAINCODE)

    def error(self, text: str) -> LedgerError:
        """Make this transaction's error."""
        return LedgerError(text, tx_id=self._tx_id)
