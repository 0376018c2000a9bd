"""Everything that a LevelDB folder holds on disk: current, overwritten and deleted entries alike.

A library that opens the database shows the current entries only; what a privacy scan must find is what an
administrator could read from the disk. Tables are compressed, so a search of the raw files would miss it.

Source: LevelDB's `doc/table_format.md` and `doc/log_format.md`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import cramjam

FOOTER_SIZE = 48
MAGIC = bytes.fromhex("57fb808b247547db")
LOG_BLOCK = 32 * 1024
LOG_HEADER = struct.Struct("<IHB")
SNAPPY = 1


def entries(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, key and value) of every table entry and every record of the write-ahead log.

    Raises:
        ValueError: a table is damaged, or of a format that this reader does not know.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix in {".ldb", ".sst"}:
            for entry in _table(path.read_bytes(), path.name):
                yield path.name, entry
        elif path.suffix == ".log":
            for record in _log(path.read_bytes()):
                yield path.name, record


def _table(data: bytes, name: str) -> Iterator[bytes]:
    footer = data[-FOOTER_SIZE:]
    if footer[-len(MAGIC) :] != MAGIC:
        raise ValueError(f"{name} is not a LevelDB table")
    _, place = _handle(footer, 0)
    index, _ = _handle(footer, place)
    for _, value in _block(data, *index):
        where, _ = _handle(value, 0)
        for key, content in _block(data, *where):
            yield key + b"\0" + content


def _handle(data: bytes, place: int) -> tuple[tuple[int, int], int]:
    """A block's offset and size, and where the next value begins."""
    offset, place = _varint(data, place)
    size, place = _varint(data, place)
    return (offset, size), place


def _block(data: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    content = data[offset : offset + size]
    if data[offset + size] == SNAPPY:
        content = bytes(cramjam.snappy.decompress_raw(content))
    restarts = int.from_bytes(content[-4:], "little")
    end = len(content) - 4 * (restarts + 1)
    place, key = 0, b""
    while place < end:
        shared, place = _varint(content, place)
        unshared, place = _varint(content, place)
        length, place = _varint(content, place)
        key = key[:shared] + content[place : place + unshared]
        place += unshared
        yield key, content[place : place + length]
        place += length


def _log(data: bytes) -> Iterator[bytes]:
    """Whole records; one that crosses a block's end lies there in fragments."""
    record = b""
    for start in range(0, len(data), LOG_BLOCK):
        block = data[start : start + LOG_BLOCK]
        place = 0
        while place + LOG_HEADER.size <= len(block):
            _, length, kind = LOG_HEADER.unpack_from(block, place)
            place += LOG_HEADER.size
            record += block[place : place + length]
            place += length
            if kind in {1, 4}:
                yield record
                record = b""
            elif kind == 0:
                break
    if record:
        yield record


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
