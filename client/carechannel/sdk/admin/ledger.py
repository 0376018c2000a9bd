"""One channel's ledger at one peer: height, blocks, transactions, configuration. All through hfc."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carechannel.sdk.admin import _ledger_messages as messages
from carechannel.sdk.admin._ledger_messages import Block, ChainInfo, ProcessedTransaction
from carechannel.sdk.admin.configuration import ChannelConfiguration
from carechannel.sdk.errors import AdministrationError, NodeReplyError

if TYPE_CHECKING:
    from carechannel.sdk.admin._hfc_peer import HfcPeer

_TRANSACTION_ID = re.compile(r"[0-9a-f]{64}")
_HASH_BYTES = 32
_MOST = 2**64


@dataclass(frozen=True)
class Ledger:
    """The ledger of `channel` at the peer `address`; got from `Peer.ledger`.

    Every call raises `NodeUnreachableError`, `NodeRefusedError` (no such channel, block or transaction; not
    allowed) or `NodeReplyError` (the answer is not what was asked for), all `SdkError`, and
    `AdministrationError` for an argument that no ledger could know.
    """

    channel: str
    address: str
    _hfc: HfcPeer

    async def info(self) -> ChainInfo:
        """Height of the chain, and the hashes of its last two blocks."""
        return messages.chain_info(await self._hfc.info(self.channel), self.address)

    async def block(self, number: int) -> Block:
        """The block with this number; 0 is the genesis block."""
        if not 0 <= number < _MOST:
            raise AdministrationError(f"{number} is no number of a block; the first is 0.")
        block = messages.block(await self._hfc.block(self.channel, number), self.address, self.channel)
        if block.number != number:
            raise NodeReplyError(
                f"{self.address} was asked for block {number} and gave block {block.number}."
            )
        return block

    async def block_by_hash(self, header_hash: bytes) -> Block:
        """The block whose header has this SHA-256 (32 bytes)."""
        if len(header_hash) != _HASH_BYTES:
            raise AdministrationError("The hash of a block's header has 32 bytes.")
        block = messages.block(
            await self._hfc.block_by_hash(self.channel, header_hash), self.address, self.channel
        )
        if block.hash != header_hash:
            raise NodeReplyError(
                f"{self.address} gave block {block.number}, which has another hash than asked for."
            )
        return block

    async def block_of(self, transaction_id: str) -> Block:
        """The block that holds this transaction, valid or not."""
        self._check(transaction_id)
        block = messages.block(
            await self._hfc.block_of(self.channel, transaction_id), self.address, self.channel
        )
        if transaction_id not in {one.transaction_id for one in block.transactions}:
            raise NodeReplyError(
                f"{self.address} gave block {block.number}, which does not hold transaction {transaction_id}."
            )
        return block

    async def transaction(self, transaction_id: str) -> ProcessedTransaction:
        """The transaction and what the peer made of it."""
        self._check(transaction_id)
        found = messages.processed_transaction(
            await self._hfc.transaction(self.channel, transaction_id), self.address, self.channel
        )
        if found.transaction_id != transaction_id:
            raise NodeReplyError(f"{self.address} gave another transaction than {transaction_id}.")
        return found

    async def configuration(self) -> ChannelConfiguration:
        """The configuration that is in force, from the channel's last configuration block."""
        block = await self._hfc.configuration_block(self.channel)
        return ChannelConfiguration.of_block(self.channel, block, self.address)

    def _check(self, transaction_id: str) -> None:
        if not _TRANSACTION_ID.fullmatch(transaction_id):
            raise AdministrationError(
                f"{transaction_id!r} is no transaction ID: 64 hexadecimal digits, small letters."
            )
