"""Every write of a key, from the blocks alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fabric_gateway.blocks import Block, BlockTransaction
from fabric_gateway.validation import ValidationCode


@dataclass(frozen=True, slots=True)
class KeyWrite:
    """One write of a key.

    Attributes:
        validation_code: only VALID writes took effect.
        value: of a public key; None for a delete, and for private keys.
        value_hash: SHA-256 of a private key's value; None for a delete or purge.
        deleted: whether the key was deleted or purged.
    """

    block: int
    transaction: int
    transaction_id: str
    timestamp: datetime | None
    msp_id: str
    validation_code: ValidationCode
    value: bytes | None
    value_hash: bytes | None
    deleted: bool


def writes(block: Block, namespace: str, key: str, collection: str = "") -> Iterator[KeyWrite]:
    """The writes of a key in a block.

    Args:
        namespace: the chaincode.
        key: the key; of a collection either its name or its SHA-256 in hexadecimal.
        collection: for a private key.
    """
    key_hashes = _hashes(key) if collection else set()
    for place, transaction in enumerate(block.transactions):
        if transaction.invocation is None:
            continue
        parts = transaction.invocation.read_write_set
        if collection:
            for private in parts.private_writes:
                if (private.namespace, private.collection) == (namespace, collection) and (
                    private.key_hash in key_hashes
                ):
                    yield _write(block, place, transaction, None, private.value_hash, private.is_delete)
        else:
            for write in parts.writes:
                if (write.namespace, write.key) == (namespace, key):
                    yield _write(block, place, transaction, write.value, None, write.is_delete)


def _hashes(key: str) -> set[bytes]:
    found = {hashlib.sha256(key.encode()).digest()}
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        return found
    return found | {raw}


def _write(  # noqa: PLR0917 - one for each field that differs
    block: Block,
    place: int,
    transaction: BlockTransaction,
    value: bytes | None,
    value_hash: bytes | None,
    deleted: bool,
) -> KeyWrite:
    return KeyWrite(
        block.number,
        place,
        transaction.transaction_id,
        transaction.timestamp,
        transaction.creator.msp_id if transaction.creator else "",
        transaction.validation_code,
        value,
        value_hash,
        deleted,
    )
