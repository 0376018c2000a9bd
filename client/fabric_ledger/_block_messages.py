"""Blocks and their metadata as plain values (fabric-protos common)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from fabric_protos.common import common_pb2
from google.protobuf.message import DecodeError

from fabric_ledger._parsing import parse
from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import BlockFormatError, UndecodableError

_LONGEST_SIGNATURES: Final = 4 * 1024 * 1024
_MOST_SIGNATURES: Final = 1_000
"""No hash covers the metadata: anybody may fill it, so it is not read without end."""


class BlockSignature(NamedTuple):
    """One signature over a block; ``consenter`` is the signer's number where no identity stands there."""

    header: bytes
    signer: bytes
    consenter: int | None
    signature: bytes


class BlockSignatures(NamedTuple):
    """The metadata at SIGNATURES. ``last_config`` is None where the signed value does not say."""

    value: bytes
    last_config: int | None
    consenter_metadata: bytes
    signatures: tuple[BlockSignature, ...]
    canonical: bool


def block(content: bytes) -> LedgerBlock:
    """Split a serialized ``common.Block``.

    Raises:
        BlockFormatError: it is not a block.
    """
    try:
        parsed = common_pb2.Block.FromString(content)
    except DecodeError as error:
        raise BlockFormatError("this is not a block; the bytes do not parse as common.Block") from error
    if not parsed.HasField("header"):
        raise BlockFormatError("this is not a block; it has no header")
    header = parsed.header
    value = LedgerBlock(
        number=header.number,
        previous_hash=header.previous_hash,
        data_hash=header.data_hash,
        data=tuple(parsed.data.data),
        metadata=tuple(parsed.metadata.metadata),
    )
    if serialized(value) == content:
        return value
    return replace(value, stray="fields that a block does not have, or a loose encoding")


def serialized(value: LedgerBlock) -> bytes:
    """The block as ``common.Block``."""
    return common_pb2.Block(
        header=common_pb2.BlockHeader(
            number=value.number, previous_hash=value.previous_hash, data_hash=value.data_hash
        ),
        data=common_pb2.BlockData(data=value.data),
        metadata=common_pb2.BlockMetadata(metadata=value.metadata),
    ).SerializeToString(deterministic=True)


def block_signatures(content: bytes) -> BlockSignatures:
    """The metadata at SIGNATURES.

    Raises:
        UndecodableError: it does not parse, or holds more signatures than any channel has orderers.
    """
    if len(content) > _LONGEST_SIGNATURES:
        raise UndecodableError(f"they take {len(content)} bytes, far more than any orderers' signatures")
    parsed = parse(common_pb2.Metadata, content)
    if len(parsed.signatures) > _MOST_SIGNATURES:
        raise UndecodableError(f"there are {len(parsed.signatures)}, more than any channel has orderers")
    value = parse(common_pb2.OrdererBlockMetadata, parsed.value)
    signatures = []
    for entry in parsed.signatures:
        if entry.signature_header or not entry.identifier_header:
            signer = parse(common_pb2.SignatureHeader, entry.signature_header).creator
            signatures.append(BlockSignature(entry.signature_header, signer, None, entry.signature))
        else:
            number = parse(common_pb2.IdentifierHeader, entry.identifier_header).identifier
            signatures.append(BlockSignature(entry.identifier_header, b"", number, entry.signature))
    again = common_pb2.Metadata(
        value=parsed.value,
        signatures=[
            common_pb2.MetadataSignature(signature=each.signature, identifier_header=each.header)
            if each.consenter is not None
            else common_pb2.MetadataSignature(signature=each.signature, signature_header=each.header)
            for each in signatures
        ],
    )
    return BlockSignatures(
        value=parsed.value,
        last_config=value.last_config.index if value.HasField("last_config") else None,
        consenter_metadata=value.consenter_metadata,
        signatures=tuple(signatures),
        canonical=again.SerializeToString() == content,
    )


def metadata_value(content: bytes) -> bytes:
    """The value of a ``common.Metadata`` without signatures, in its one encoding.

    Raises:
        UndecodableError: it is something else.
    """
    parsed = parse(common_pb2.Metadata, content)
    if common_pb2.Metadata(value=parsed.value).SerializeToString() != content:
        raise UndecodableError("the metadata holds more than a value")
    return parsed.value


def last_config_index(content: bytes) -> int:
    """The index in a ``common.LastConfig``, in its one encoding.

    Raises:
        UndecodableError: it is something else.
    """
    index = parse(common_pb2.LastConfig, content).index
    if common_pb2.LastConfig(index=index).SerializeToString() != content:
        raise UndecodableError("LAST_CONFIG holds more than an index")
    return index


def is_unsigned_index(content: bytes) -> bool:
    """Whether the metadata at SIGNATURES is that of a first block: nothing, or block 0 as configuration."""
    first = common_pb2.OrdererBlockMetadata(last_config=common_pb2.LastConfig())
    return not content or content == common_pb2.Metadata(value=first.SerializeToString()).SerializeToString()
