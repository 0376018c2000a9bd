"""FS002."""

from __future__ import annotations

from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule


class NoqaWithoutReason(Rule):
    """A silencing comment that does not say why. Found by the engine, which reads the comments."""

    code = "FS002"
    name = "noqa-without-reason"
    reason = (
        "Who reads the contract later has to know why this place is safe although a rule speaks against it."
    )
    fix = "Write the reason after the code: # noqa: FS101 the reason."
    bad = """
import time

STARTED = time.time()  # noqa: FS101  # FS002
"""
    good = """
import time

STARTED = time.time()  # noqa: FS101 shown in the health report only
"""

    def check(self, _module: Module, /) -> Iterator[Place]:
        """Find nothing: the engine does."""
        return iter(())
