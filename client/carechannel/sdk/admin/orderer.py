"""One orderer: takes envelopes, gives blocks."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from carechannel.sdk.admin import _failures, _ledger_messages, _messages
from carechannel.sdk.admin._names import check_channel
from carechannel.sdk.admin._transport import Connection
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.admin.endpoint import Endpoint
from carechannel.sdk.errors import AdministrationError, NodeReplyError

_BROADCAST = "/orderer.AtomicBroadcast/Broadcast"
_DELIVER = "/orderer.AtomicBroadcast/Deliver"
_ACCEPTED = "SUCCESS"
_MOST = 2**64


class Orderer:
    """An orderer, as an async context manager; it connects with the first call.

    Every call raises `NodeUnreachableError`, `NodeRefusedError` (its `status` is Fabric's, such as FORBIDDEN
    or SERVICE_UNAVAILABLE) or `NodeReplyError`, all `SdkError`.
    """

    def __init__(self, endpoint: Endpoint, administrator: Administrator) -> None:
        self.endpoint = endpoint
        self._administrator = administrator
        self._connection = Connection(endpoint)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def broadcast(self, envelope: bytes, what: str = "take the envelope") -> None:
        """Hand over a signed envelope (`common.Envelope`); it is ordered then, which is not yet committed.

        `what` completes the sentence "… did not …" of an error.
        """
        answer = await self._connection.first(_BROADCAST, envelope, what)
        status, info = _messages.broadcast_status(answer, self.endpoint.address)
        if status != _ACCEPTED:
            raise _failures.refused(self.endpoint.address, what, status, info)

    async def block(self, channel: str, number: int) -> bytes:
        """Block `number` of a channel (`common.Block`); 0 is the genesis block, to join with.

        Raises `AdministrationError` for a name or number that no channel or block has.
        """
        check_channel(channel)
        if not 0 <= number < _MOST:
            raise AdministrationError(f"{number} is no number of a block; the first is 0.")
        what = f"give block {number} of {channel}"
        request = _messages.seek_request(
            self._administrator, channel, number, self.endpoint.client_certificate_hash
        )
        answer = await self._connection.first(_DELIVER, request, what)
        block, status = _messages.delivered_block(answer, self.endpoint.address)
        if not block:
            raise _failures.refused(self.endpoint.address, what, status, "")
        if _ledger_messages.block(block, self.endpoint.address, channel).number != number:
            raise NodeReplyError(f"{self.endpoint.address} did not {what}: it gave another block.")
        return block
