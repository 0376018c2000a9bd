"""What an institution has published or is publishing, so that no acknowledged record is ever lost.

An entry is one file, ``<home>/journal/<channel>/<record id>-<version>.json``: the whole index entry with the
sealed key, written and flushed before the transaction is sent. While the commit is not known it lies in
``pending/`` beside; a crash leaves it there, and publishing resumes with the same record id, key and blob.
It holds a handle: the folder belongs to the institution alone (mode 0700).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from care_rules.canonical import Json, canonical_json, parse_json
from care_rules.errors import InputInvalidError

from carechannel.errors import JournalError
from carechannel.files import flush_folder, write_atomically


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One version of one record: the chaincode function that publishes it and what goes into its
    transient."""

    record_id: str
    version: int
    function: str
    entry: dict[str, Json] = field(repr=False)

    @property
    def file_name(self) -> str:
        return f"{self.record_id}-{self.version:08d}.json"

    def to_bytes(self) -> bytes:
        return canonical_json(
            {
                "entry": self.entry,
                "function": self.function,
                "record_id": self.record_id,
                "version": self.version,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        match parse_json(data):
            case {
                "record_id": str(record_id),
                "version": int(version),
                "function": str(function),
                "entry": dict(entry),
            }:
                return cls(record_id, version, function, entry)
        raise InputInvalidError("This is not a journal entry.")


class Journal:
    """The journal of one institution for one channel."""

    def __init__(self, home: Path, channel: str):
        self._folder = home / "journal" / channel
        self._pending = self._folder / "pending"

    def prepare(self, entry: JournalEntry) -> None:
        """Notes an entry durably before its transaction is sent.

        Raises:
            JournalError: it cannot be written.
        """
        try:
            self._make_folders()
            write_atomically(self._pending / entry.file_name, entry.to_bytes())
        except OSError as error:
            raise JournalError(f"The journal {self._folder} cannot be written: {error.strerror}.") from error

    def complete(self, entry: JournalEntry) -> None:
        """Notes durably that the entry is committed; doing so again changes nothing.

        Raises:
            JournalError: it cannot be written.
        """
        try:
            (self._pending / entry.file_name).rename(self._folder / entry.file_name)
        except FileNotFoundError as error:
            if not (self._folder / entry.file_name).exists():
                raise JournalError(f"The journal {self._folder} lost an entry that was prepared.") from error
        except OSError as error:
            raise JournalError(f"The journal {self._folder} cannot be written: {error.strerror}.") from error
        flush_folder(self._folder)
        flush_folder(self._pending)

    def discard(self, entry: JournalEntry) -> None:
        """Drops a pending entry that the network refused for good, so that it is not sent again."""
        (self._pending / entry.file_name).unlink(missing_ok=True)

    def pending(self) -> list[JournalEntry]:
        """The entries whose commit is not known, by record id.

        Raises:
            JournalError: one of them cannot be read.
        """
        return [_read(path) for path in sorted(self._pending.glob("[!.]*.json"))]

    def committed(self) -> list[JournalEntry]:
        """The entries that are committed, by record id.

        Raises:
            JournalError: one of them cannot be read.
        """
        return [_read(path) for path in sorted(self._folder.glob("[!.]*.json"))]

    def _make_folders(self) -> None:
        if not self._pending.is_dir():
            self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.mkdir(exist_ok=True, mode=0o700)
            self._pending.mkdir(exist_ok=True, mode=0o700)
            for folder in (self._folder.parent.parent, self._folder.parent, self._folder):
                flush_folder(folder)


def _read(path: Path) -> JournalEntry:
    try:
        return JournalEntry.from_bytes(path.read_bytes())
    except OSError as error:
        raise JournalError(f"The journal entry {path} cannot be read: {error.strerror}.") from error
    except InputInvalidError as error:
        raise JournalError(f"The journal entry {path} is damaged; restore it from a backup.") from error
