"""FS003."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.finding import Severity
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule


class NoqaUnused(Rule):
    """A silencing comment that silences nothing. Found by the engine, which knows what was silenced."""

    code = "FS003"
    name = "noqa-unused"
    severity = Severity.WARNING
    reason = "A comment that silences nothing today silences the next mistake on its line unseen."
    fix = "Remove the code from the comment."
    bad = """
LIMIT = 100  # noqa: FS101 the clock is not read here any more  # FS003
"""
    good = """
LIMIT = 100
"""

    def check(self, _module: Module, /) -> Iterator[Place]:
        """Find nothing: the engine does."""
        return iter(())
