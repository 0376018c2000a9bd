"""What a rule found, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How sure a finding is to do harm: an error is wrong on some peer or leaks; a warning may be meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding. Sorted by its place, so that reports are the same on every machine.

    :ivar path: the file as it was named to the check.
    :ivar line: from 1.
    :ivar column: from 1, in characters.
    :ivar code: the rule's code, like ``FS101``.
    :ivar message: one sentence: what is wrong here.
    :ivar fix: one sentence: what to do.
    :ivar severity: see :class:`Severity`; as text, like ``error``.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    fix: str
    severity: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"
