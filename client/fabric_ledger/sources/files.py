"""Blocks from files and folders, in the order of their numbers as far as the files' names tell it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import SourceError
from fabric_ledger.sources import formats

_DIGITS = re.compile(r"([0-9]+)")


class BlockFiles:
    """Files of blocks; a folder stands for the files in it. Nothing is put right: files are in the order of
    their names (numbers in them by value), the order within a file is the file's.

    Args:
        paths: files and folders.

    Raises:
        SourceError: there is none, or a folder is empty.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files: list[Path] = []
        for path in paths:
            if path.is_dir():
                try:
                    inside = sorted((each for each in path.iterdir() if _is_blocks(each)), key=_order)
                except OSError as error:
                    raise SourceError(f"the folder {path} cannot be read: {error.strerror}") from error
                if not inside:
                    raise SourceError(f"the folder {path} holds no files of blocks")
                self._files += inside
            elif path.exists():
                self._files.append(path)
            else:
                raise SourceError(f"{path} does not exist")
        if not self._files:
            raise SourceError("no file of blocks was given")

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self._files)

    def __iter__(self) -> Iterator[LedgerBlock]:
        for path in self._files:
            yield from formats.blocks(path)


def _is_blocks(path: Path) -> bool:
    """Files only; hidden ones and notes beside the blocks are not meant."""
    return path.is_file() and not path.name.startswith(".") and path.suffix not in {".json", ".txt", ".md"}


def _order(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(path.name) if part]
