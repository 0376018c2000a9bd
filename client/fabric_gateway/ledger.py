"""Blocks and chain info, read by the peers' system chaincode ``qscc`` through the gateway."""

from __future__ import annotations

from collections.abc import Sequence

from fabric_gateway import _arguments, _blocks_messages, _messages
from fabric_gateway._session import Session
from fabric_gateway.blocks import Block, ChainInfo
from fabric_gateway.errors import BlockError, BlockNotFoundError, EvaluateError
from fabric_gateway.proposal import Proposal

# What the peer's block index says (Fabric, common/ledger/blkstorage).
_ABSENT = ("no such transaction ID", "no such block number")


async def chain_info(session: Session, channel: str, organizations: Sequence[str]) -> ChainInfo:
    return _messages.chain_info(await _query(session, channel, organizations, "GetChainInfo"))


async def block_by_number(session: Session, channel: str, number: int, organizations: Sequence[str]) -> Block:
    try:
        content = await _query(session, channel, organizations, "GetBlockByNumber", str(number))
    except EvaluateError as error:
        if _says_absent(error):
            raise BlockNotFoundError(f"channel {channel} has no block {number} yet") from error
        raise
    block = _checked(content)
    if block.number != number:
        raise BlockError(f"block {number} was asked for, the peer answered with block {block.number}")
    return block


async def block_by_transaction_id(
    session: Session, channel: str, transaction_id: str, organizations: Sequence[str]
) -> Block:
    try:
        content = await _query(session, channel, organizations, "GetBlockByTxID", transaction_id)
    except EvaluateError as error:
        if _says_absent(error):
            sentence = f"no block of channel {channel} holds the transaction (yet)"
            raise BlockNotFoundError(sentence, transaction_id=transaction_id) from error
        raise
    block = _checked(content)
    if block.transaction(transaction_id) is None:
        raise BlockError(
            f"the peer answered with block {block.number}, which does not hold the transaction",
            transaction_id=transaction_id,
        )
    return block


async def _query(
    session: Session, channel: str, organizations: Sequence[str], function: str, *arguments: str
) -> bytes:
    query = Proposal.new(
        session,
        channel=channel,
        chaincode="qscc",
        arguments=_arguments.chaincode_arguments((function, channel, *arguments)),
        transient={},
        endorsing_organizations=_arguments.organizations(organizations),
    )
    return await query.evaluate()


def _says_absent(error: EvaluateError) -> bool:
    return any(sentence in (error.chaincode_message or "") for sentence in _ABSENT)


def _checked(content: bytes) -> Block:
    block = _blocks_messages.block(content)
    if not block.data_intact:
        raise BlockError(f"the data of block {block.number} do not match the hash in its header")
    return block
