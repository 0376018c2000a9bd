"""One invocation of a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """`environment` is laid over the caller's; `folder` is where it runs (the caller's folder if None)."""

    program: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def argv(self) -> tuple[str, ...]:
        return (str(self.program), *self.arguments)

    @property
    def words(self) -> str:
        """For messages: the program and what it is told to do, without options and values."""
        leading = []
        for argument in self.arguments:
            if argument.startswith("-"):
                break
            leading.append(argument)
        return " ".join((self.program.name, *leading))
