"""Files and codes that commands take."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer
from care_rules.fields import HANDLE

from carechannel import fhir
from carechannel.code import PatientCode
from carechannel.errors import CareChannelError, PatientCodeError


class FileUnreadableError(CareChannelError):
    """A file that a command was given cannot be read."""

    code = "file-unreadable"


def content_of(path: Path) -> bytes:
    """The bytes of a file, unless it is too large to be a record.

    Raises:
        FileUnreadableError: it cannot be read.
        ContentTooLargeError: it is above the limit; it is not read then.
    """
    try:
        fhir.check_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadableError(f"{path} cannot be read: {error.strerror}.") from error


def handle_of(patient: str, consortium: str) -> str:
    """The handle that a patient's code, or the handle itself, stands for.

    Raises:
        PatientCodeError: it is neither, or the code is another consortium's.
    """
    if HANDLE.fullmatch(patient):
        return patient
    code = PatientCode.parse(patient)
    if code.channel != consortium:
        raise PatientCodeError(
            f"The patient code is for the consortium {code.channel}, not for {consortium}."
        )
    return code.handle


def moment_of(text: str | None) -> datetime | None:
    """A point in time from ISO 8601 text; without a zone it is UTC. Anything else is wrong usage."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no date or time such as 2026-12-31 or 2026-12-31T12:00:00Z."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
