"""Files of blocks.

Three formats are read, and told apart by themselves:

* one block a file, as ``peer channel fetch`` writes it: a serialized ``common.Block``;
* a stream of blocks, as ``carechannel ledger export`` writes it: for each block its length as a protobuf
  varint, then its serialized ``common.Block``;
* a peer's or orderer's own files (``chains/<channel>/blockfile_000000`` …): for each block its length as a
  varint, then number, data hash, previous hash, envelopes and metadata in a form of their own (Fabric
  common/ledger/blkstorage/block_serialization.go).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from fabric_ledger import _block_messages
from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import BlockFormatError, SourceError

Parser = Callable[[bytes], LedgerBlock]

MAXIMUM = 128 * 1024 * 1024
"""Length in bytes above which no block is believed to be one; peers' messages end at 100 MiB."""

_VARINT = 10
_HASH = 32


def blocks(path: Path) -> Iterator[LedgerBlock]:
    """The blocks of a file in order, one in memory at a time.

    Raises:
        SourceError: it cannot be read.
        BlockFormatError: from some byte on it holds no blocks, or ends within one.
    """
    try:
        with path.open("rb") as file:
            yield from _of_stream(file, path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def write(stream: BinaryIO, block: LedgerBlock) -> None:
    """Append a block to a stream."""
    content = _block_messages.serialized(block)
    stream.write(_varint(len(content)) + content)


def single(block: LedgerBlock) -> bytes:
    """A block as ``peer channel fetch`` writes it."""
    return _block_messages.serialized(block)


def _of_stream(file: BinaryIO, path: Path) -> Iterator[LedgerBlock]:
    first = _record(file, path)
    if first is not None and (parse := _parser(first)) is not None:
        yield parse(first)
        while (content := _record(file, path)) is not None:
            position = file.tell() - len(content)
            try:
                yield parse(content)
            except BlockFormatError as error:
                raise BlockFormatError(f"{path}, at byte {position}: {error}", position=position) from error
        return
    file.seek(0)
    content = file.read(MAXIMUM)
    if not content:
        raise BlockFormatError(f"{path} is empty", position=0)
    try:
        yield _block_messages.block(content)
    except BlockFormatError as error:
        raise BlockFormatError(f"{path} holds no blocks: {error}", position=0) from error


def _parser(content: bytes) -> Parser | None:
    """How the first record of a stream is read, or None where the file is no stream."""
    for parse in (_block_messages.block, stored):
        try:
            parse(content)
        except BlockFormatError:
            continue
        return parse
    return None


def _record(file: BinaryIO, path: Path) -> bytes | None:
    """The next record of a stream, or None at its end."""
    position = file.tell()
    length = shift = 0
    for count in range(_VARINT + 1):
        octet = file.read(1)
        if not octet:
            if count == 0:
                return None
            raise BlockFormatError(f"{path} ends within a block, at byte {position}", position=position)
        length |= (octet[0] & 0x7F) << shift
        shift += 7
        if octet[0] < 0x80:  # noqa: PLR2004 - the last octet of a varint
            break
    if not 0 < length <= MAXIMUM:
        if position == 0:
            return None
        raise BlockFormatError(f"{path} holds no block at byte {position}", position=position)
    content = file.read(length)
    if len(content) < length:
        if position == 0:
            return None
        raise BlockFormatError(f"{path} ends within a block, at byte {position}", position=position)
    return content


def stored(content: bytes) -> LedgerBlock:
    """A block in the form of a peer's own files.

    Raises:
        BlockFormatError: it is something else.
    """
    reader = _Reader(content)
    number = reader.varint()
    data_hash, previous_hash = reader.octets(), reader.octets()
    data = tuple(reader.octets() for _ in range(reader.count()))
    metadata = tuple(reader.octets() for _ in range(reader.count()))
    if len(data_hash) != _HASH or len(previous_hash) not in {0, _HASH}:
        raise BlockFormatError("this is not a block; its hashes are not SHA-256")
    stray = None
    if reader.left or reader.loose:
        stray = "bytes after its last part, or a loose encoding"
    return LedgerBlock(number, previous_hash, data_hash, data, metadata, stray)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0
        self.loose = False

    @property
    def left(self) -> int:
        return len(self._content) - self._position

    def varint(self) -> int:
        value = 0
        for count in range(_VARINT):
            if self.left == 0:
                raise BlockFormatError("this is not a block; it ends too early")
            octet = self._content[self._position]
            self._position += 1
            value |= (octet & 0x7F) << 7 * count
            if octet < 0x80:  # noqa: PLR2004 - the last octet of a varint
                self.loose = self.loose or (octet == 0 and count > 0)
                return value & 0xFFFFFFFFFFFFFFFF
        raise BlockFormatError("this is not a block; a number in it does not end")

    def octets(self) -> bytes:
        length = self.varint()
        if length > self.left:
            raise BlockFormatError("this is not a block; it ends too early")
        content = self._content[self._position : self._position + length]
        self._position += length
        return content

    def count(self) -> int:
        count = self.varint()
        if count > self.left:
            raise BlockFormatError("this is not a block; it ends too early")
        return count


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits an octet
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)
