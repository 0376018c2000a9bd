"""Read/write sets as plain values (fabric-protos ledger/rwset)."""

from __future__ import annotations

from typing import Final, NamedTuple

from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2

from fabric_ledger._parsing import parse

_EMPTY_HASH: Final = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

Height = tuple[int, int]
"""Block number and place in the block of the transaction that wrote a value."""


class RangeQuery(NamedTuple):
    """A range that was read: its results, or their Merkle summary (degree, level, hashes)."""

    start: bytes
    end: bytes
    exhausted: bool
    reads: tuple[tuple[bytes, Height | None], ...]
    summary: tuple[int, int, tuple[bytes, ...]] | None


class Changes(NamedTuple):
    """What a transaction read and wrote in one space: a namespace, or a collection of it by hashes.

    Keys are UTF-8 or SHA-256; a value of None is a delete; metadata of None is its removal.
    """

    collection: str
    reads: tuple[tuple[bytes, Height | None], ...]
    ranges: tuple[RangeQuery, ...]
    writes: tuple[tuple[bytes, bytes | None], ...]
    metadata_writes: tuple[tuple[bytes, bytes | None], ...]


class Namespace(NamedTuple):
    """One chaincode's part of a read/write set."""

    name: str
    public: Changes
    collections: tuple[Changes, ...]

    @property
    def writes_anything(self) -> bool:
        return bool(
            self.public.writes
            or self.public.metadata_writes
            or any(part.writes or part.metadata_writes for part in self.collections)
        )


def read_write_set(content: bytes) -> tuple[Namespace, ...]:
    """A ``rwset.TxReadWriteSet``, all of it."""
    return tuple(
        [
            Namespace(
                part.namespace,
                _public(parse(kv_rwset_pb2.KVRWSet, part.rwset)),
                tuple([_collection(each) for each in part.collection_hashed_rwset])
                if part.collection_hashed_rwset
                else (),
            )
            for part in parse(rwset_pb2.TxReadWriteSet, content).ns_rwset
        ]
    )


def _public(public: kv_rwset_pb2.KVRWSet) -> Changes:
    return Changes(
        "",
        tuple([(read.key.encode(), _read_version(read)) for read in public.reads]),
        tuple([_range(query) for query in public.range_queries_info]) if public.range_queries_info else (),
        tuple(
            [
                (write.key.encode(), None if write.is_delete else write.value or None)
                for write in public.writes
            ]
        )
        if public.writes
        else (),
        tuple([(write.key.encode(), _entries(write)) for write in public.metadata_writes])
        if public.metadata_writes
        else (),
    )


def _collection(part: rwset_pb2.CollectionHashedReadWriteSet) -> Changes:
    hashed = parse(kv_rwset_pb2.HashedRWSet, part.hashed_rwset)
    return Changes(
        part.collection_name,
        tuple([(read.key_hash, _read_version(read)) for read in hashed.hashed_reads]),
        (),
        tuple(
            [
                (
                    write.key_hash,
                    None
                    if write.is_delete or not write.value_hash or write.value_hash == _EMPTY_HASH
                    else write.value_hash,
                )
                for write in hashed.hashed_writes
            ]
        ),
        tuple(
            [
                (write.key_hash, kv_rwset_pb2.KVMetadataWrite(entries=write.entries).SerializeToString())
                if write.entries
                else (write.key_hash, None)
                for write in hashed.metadata_writes
            ]
        ),
    )


def _read_version(read: kv_rwset_pb2.KVRead | kv_rwset_pb2.KVReadHash) -> Height | None:
    return (read.version.block_num, read.version.tx_num) if read.HasField("version") else None


def _entries(write: kv_rwset_pb2.KVMetadataWrite) -> bytes | None:
    if not write.entries:
        return None
    return kv_rwset_pb2.KVMetadataWrite(entries=write.entries).SerializeToString()


def _range(query: kv_rwset_pb2.RangeQueryInfo) -> RangeQuery:
    summary = query.reads_merkle_hashes
    return RangeQuery(
        query.start_key.encode(),
        query.end_key.encode(),
        query.itr_exhausted,
        tuple([(read.key.encode(), _read_version(read)) for read in query.raw_reads.kv_reads]),
        (summary.max_degree, summary.max_level, tuple(summary.max_level_hashes))
        if query.HasField("reads_merkle_hashes")
        else None,
    )


def serialized_reads(reads: list[tuple[bytes, Height]]) -> bytes:
    """Results of a range as ``kvrwset.QueryReads``, which the leaves of a Merkle summary hash."""
    return kv_rwset_pb2.QueryReads(
        kv_reads=[
            kv_rwset_pb2.KVRead(
                key=key.decode(), version=kv_rwset_pb2.Version(block_num=height[0], tx_num=height[1])
            )
            for key, height in reads
        ]
    ).SerializeToString()


def metadata_entry(content: bytes, name: str) -> bytes:
    """The value of an entry of a key's metadata; empty where there is none."""
    value = b""
    for entry in parse(kv_rwset_pb2.KVMetadataWrite, content).entries:
        if entry.name == name:
            value = entry.value
    return value
