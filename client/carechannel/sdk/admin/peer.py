"""One peer, asked by an administrator: its channels, their ledgers, who else is there."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from carechannel.sdk.admin import _ledger_messages
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.admin.discovery import Discovery
from carechannel.sdk.admin.endpoint import Endpoint
from carechannel.sdk.admin.ledger import Ledger
from carechannel.sdk.errors import AdministrationError

if TYPE_CHECKING:
    from carechannel.sdk.admin._hfc_peer import HfcPeer


class Peer:
    """A peer through hfc, as an async context manager; it connects with the first call.

    Every call raises `NodeUnreachableError`, `NodeRefusedError` or `NodeReplyError`, all `SdkError`; nothing
    is returned unless the peer said success and its answer is what was asked for. Entering raises
    `SdkMissingError` when fabric-sdk-py 1.0.0 is not installed.
    """

    def __init__(self, endpoint: Endpoint, administrator: Administrator) -> None:
        self.endpoint = endpoint
        self._administrator = administrator
        self._opened: HfcPeer | None = None

    async def __aenter__(self) -> Self:
        # hfc is an extra, and takes long to import.
        from carechannel.sdk.admin._hfc_peer import HfcPeer  # noqa: PLC0415

        self._opened = HfcPeer(self.endpoint, self._administrator)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            hfc, self._opened = self._opened, None
            await hfc.close()

    async def channels(self) -> tuple[str, ...]:
        """The channels that the peer has joined, sorted. For an administrator of the peer's organisation."""
        return _ledger_messages.channels(await self._hfc.channels(), self.endpoint.address)

    async def join(self, genesis_block: bytes) -> None:
        """Join the channel of `genesis_block` (`common.Block`); refused if joined already.

        For an administrator of the peer's organisation.
        """
        _ledger_messages.check_genesis_block(genesis_block)
        await self._hfc.join(genesis_block)

    def ledger(self, channel: str) -> Ledger:
        """The ledger of a channel that the peer has joined; nothing is asked yet."""
        return Ledger(channel, self.endpoint.address, self._hfc)

    def discovery(self, channel: str) -> Discovery:
        """What the peer knows of a channel's members; nothing is asked yet."""
        return Discovery(channel, self.endpoint.address, self._hfc)

    @property
    def _hfc(self) -> HfcPeer:
        if self._opened is None:
            raise AdministrationError(
                f"The peer {self.endpoint.address} is not connected: use it in `async with`."
            )
        return self._opened
