"""A block of the ledger, decoded whole: what every member of the channel can see of each transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.identity import Identity
from fabric_gateway.validation import ValidationCode


@dataclass(frozen=True, slots=True)
class ChainInfo:
    """Where a peer's copy of the chain stands: its next block's number, its last block's header hash."""

    height: int
    current_block_hash: bytes
    previous_block_hash: bytes


@dataclass(frozen=True, slots=True)
class Version:
    """The transaction that wrote a value: its block and its place therein."""

    block_number: int
    transaction_number: int


@dataclass(frozen=True, slots=True)
class Read:
    """A public key that was read; ``version`` is None when the key was absent."""

    namespace: str
    key: str
    version: Version | None


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A range of public keys that was read, from ``start_key`` to before ``end_key``.

    ``reads`` is empty where the peer recorded hashes (``merkle_hashes``) in their place.
    """

    namespace: str
    start_key: str
    end_key: str
    exhausted: bool
    reads: tuple[Read, ...]
    merkle_hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """A public write; ``value`` is None for a delete."""

    namespace: str
    key: str
    value: bytes | None

    @property
    def is_delete(self) -> bool:
        """Whether the key was removed."""
        return self.value is None


@dataclass(frozen=True, slots=True)
class MetadataWrite:
    """Metadata of a public key (endorsement policies of keys); no entries: removed."""

    namespace: str
    key: str
    entries: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class PrivateRead:
    """A private key that was read: SHA-256 of its name."""

    namespace: str
    collection: str
    key_hash: bytes
    version: Version | None


@dataclass(frozen=True, slots=True)
class PrivateWrite:
    """A private write: SHA-256 of the key and of the value; ``value_hash`` is None for a delete or purge."""

    namespace: str
    collection: str
    key_hash: bytes
    value_hash: bytes | None
    is_delete: bool
    is_purge: bool


@dataclass(frozen=True, slots=True)
class PrivateMetadataWrite:
    """Metadata of a private key."""

    namespace: str
    collection: str
    key_hash: bytes
    entries: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class ReadWriteSet:
    """What a transaction read and wrote, over all namespaces."""

    reads: tuple[Read, ...] = ()
    range_reads: tuple[RangeRead, ...] = ()
    writes: tuple[Write, ...] = ()
    metadata_writes: tuple[MetadataWrite, ...] = ()
    private_reads: tuple[PrivateRead, ...] = ()
    private_writes: tuple[PrivateWrite, ...] = ()
    private_metadata_writes: tuple[PrivateMetadataWrite, ...] = ()


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A peer's signature over the response."""

    endorser: Identity
    signature: bytes


@dataclass(frozen=True, slots=True)
class Invocation:
    """The call of a chaincode and its endorsed response, as it lies in the block.

    Attributes:
        chaincode: name that the client called.
        arguments: function name first.
        response_status, response_message, response_payload: the chaincode's response.
        event: what it emitted, if anything.
        read_write_set: what it read and wrote.
        endorsements: who signed the response.
    """

    chaincode: str
    arguments: tuple[bytes, ...]
    response_status: int
    response_message: str
    response_payload: bytes
    event: ChaincodeEvent | None
    read_write_set: ReadWriteSet
    endorsements: tuple[Endorsement, ...]


@dataclass(frozen=True, slots=True)
class BlockTransaction:
    """One envelope of a block.

    Attributes:
        transaction_id: hexadecimal; empty for configurations and what cannot be decoded.
        type: ENDORSER_TRANSACTION, CONFIG, another name of ``common.HeaderType``, or UNDECODABLE.
        validation_code: the verdict of the peer that was asked; no signature covers it.
        channel: as the envelope claims.
        timestamp: the client's clock, UTC; None where absent.
        creator: who signed the envelope; None where it cannot be decoded.
        nonce: of the creator; with the creator it makes the transaction id.
        signature: the creator's, over the envelope's payload.
        invocation: the chaincode call, for ENDORSER_TRANSACTION.
        config: serialized ``common.ConfigEnvelope``, for CONFIG.
        envelope: the serialized ``common.Envelope``, all of it.
    """

    transaction_id: str
    type: str
    validation_code: ValidationCode
    channel: str
    timestamp: datetime | None
    creator: Identity | None
    nonce: bytes
    signature: bytes
    invocation: Invocation | None
    config: bytes | None
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block.

    Attributes:
        number: from 0.
        previous_hash: header hash of the block before.
        data_hash: as the header says; compare ``computed_data_hash``.
        transactions: in order.
        metadata: serialized block metadata by ``common.BlockMetadataIndex``.
        raw: the serialized ``common.Block``.
    """

    number: int
    previous_hash: bytes
    data_hash: bytes
    transactions: tuple[BlockTransaction, ...]
    metadata: tuple[bytes, ...]
    raw: bytes

    @property
    def hash(self) -> bytes:
        """The header hash, which the next block carries as ``previous_hash``."""
        return header_hash(self.number, self.previous_hash, self.data_hash)

    @property
    def computed_data_hash(self) -> bytes:
        """SHA-256 over the envelopes, one after the other."""
        return hashlib.sha256(b"".join(t.envelope for t in self.transactions)).digest()

    @property
    def data_intact(self) -> bool:
        """Whether the envelopes are those that the header stands for."""
        return self.computed_data_hash == self.data_hash

    def transaction(self, transaction_id: str) -> BlockTransaction | None:
        """The first transaction with that id, or None. (A replayed one comes later and is DUPLICATE_TXID.)"""
        return next((t for t in self.transactions if t.transaction_id == transaction_id), None)


def header_hash(number: int, previous_hash: bytes, data_hash: bytes) -> bytes:
    """SHA-256 of :func:`header_bytes`."""
    return hashlib.sha256(header_bytes(number, previous_hash, data_hash)).digest()


def header_bytes(number: int, previous_hash: bytes, data_hash: bytes) -> bytes:
    """The header in DER: SEQUENCE {INTEGER, OCTET STRING, OCTET STRING} (Fabric's protoutil).

    The block's hash and the orderers' signatures are over these bytes.
    """
    integer = number.to_bytes(number.bit_length() // 8 + 1, "big")
    content = _der(0x02, integer) + _der(0x04, previous_hash) + _der(0x04, data_hash)
    return _der(0x30, content)


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:  # noqa: PLR2004 - X.690 8.1.3.4, short form
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
