"""The journal: what was prepared is pending until it is complete, across any crash."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from carechannel.errors import JournalError
from carechannel.journal import Journal, JournalEntry

ENTRY = JournalEntry("ab" * 16, 1, "ehr:publish", {"handle": "cd" * 16, "sealed_key": "AAAA", "size": 3})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "regional-care")


def test_an_entry_is_pending_until_it_is_complete(journal: Journal) -> None:
    assert journal.pending() == []
    journal.prepare(ENTRY)
    assert journal.pending() == [ENTRY]
    journal.complete(ENTRY)
    assert (journal.pending(), journal.committed()) == ([], [ENTRY])


def test_completing_again_changes_nothing(journal: Journal) -> None:
    journal.prepare(ENTRY)
    journal.complete(ENTRY)
    journal.complete(ENTRY)
    assert journal.committed() == [ENTRY]


def test_what_was_never_prepared_cannot_be_complete(journal: Journal) -> None:
    journal.prepare(JournalEntry("cd" * 16, 1, "ehr:publish", {}))
    with pytest.raises(JournalError, match="lost"):
        journal.complete(ENTRY)


def test_a_discarded_entry_is_gone(journal: Journal) -> None:
    journal.prepare(ENTRY)
    journal.discard(ENTRY)
    assert (journal.pending(), journal.committed()) == ([], [])


def test_another_channel_has_another_journal(journal: Journal, tmp_path: Path) -> None:
    journal.prepare(ENTRY)
    assert Journal(tmp_path, "cancer-registry").pending() == []


def test_a_crash_while_writing_leaves_no_entry(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr("carechannel.files.os.fsync", cut_off)
        with pytest.raises(RuntimeError):
            journal.prepare(ENTRY)
    assert journal.pending() == []
    journal.prepare(ENTRY)
    assert journal.pending() == [ENTRY]


def test_it_belongs_to_its_owner_alone(journal: Journal, tmp_path: Path) -> None:
    journal.prepare(ENTRY)
    folder = tmp_path / "journal" / "regional-care"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "pending" / ENTRY.file_name).stat().st_mode) == 0o600


def test_a_damaged_entry_is_named(journal: Journal, tmp_path: Path) -> None:
    journal.prepare(ENTRY)
    (tmp_path / "journal" / "regional-care" / "pending" / ENTRY.file_name).write_text("{}")
    with pytest.raises(JournalError, match="damaged"):
        journal.pending()


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal(tmp_path / "home", "regional-care").prepare(ENTRY)
