"""Metadata that no signature covers and no recomputation gives: it can be little, and is held against that.

Newer releases leave LAST_CONFIG and ORDERER empty; older ones fill them with what is signed elsewhere. Nobody
signs block 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from fabric_ledger import _block_messages
from fabric_ledger._block_messages import BlockSignatures
from fabric_ledger.block import COMMIT_HASH, LAST_CONFIG, ORDERER, SIGNATURES, LedgerBlock
from fabric_ledger.errors import UndecodableError


def oddities(block: LedgerBlock, signed: BlockSignatures | None) -> Iterator[str]:
    """What is odd about a block's metadata, in sentences.

    Args:
        signed: what the orderers signed; None where that is not known.
    """
    first = block.number == 0
    if first and not _block_messages.is_unsigned_index(block.slot(SIGNATURES)):
        yield "SIGNATURES of block 0 holds something, where nobody signs it"
    try:
        if last := block.slot(LAST_CONFIG):
            index = _block_messages.last_config_index(_block_messages.metadata_value(last))
            expected = 0 if first else None if signed is None else signed.last_config
            if expected is not None and index != expected:
                yield "LAST_CONFIG is not what the orderers signed"
        if consenter := block.slot(ORDERER):
            value = _block_messages.metadata_value(consenter)
            wanted = b"" if signed is None else _block_messages.metadata_value(signed.consenter_metadata)
            if (first or signed is not None) and value != wanted:
                yield "ORDERER is not what the orderers signed"
    except UndecodableError:
        yield "LAST_CONFIG or ORDERER holds something else"
    if len(block.metadata) > COMMIT_HASH + 1:
        yield "there is metadata at a place that blocks do not have"
