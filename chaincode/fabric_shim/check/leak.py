"""Rules about values that leave a transaction by a way where they must not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.sinks import Exit


class LeakRule(Rule):
    """A rule against values of some tags on some ways out.

    :cvar exits: the ways.
    :cvar tags: the tags, see :mod:`fabric_shim.check.tags`; one of them is enough.
    :cvar message: what to say of the place.
    """

    exits: ClassVar[frozenset[Exit]]
    tags: ClassVar[frozenset[str]]
    message: ClassVar[str]

    def check(self, module: Module) -> Iterator[Place]:
        """Find each such expression once."""
        for value in module.leaking(self.exits, self.tags):
            yield at(module, value, self.message)
