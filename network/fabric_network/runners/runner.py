"""The interface of a runner, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fabric_network.commands import Command
from fabric_network.topology import Node

Probe = Callable[[int], str | None]
"""Given the service's pid: None when it does what it should, else why not, as the end of a sentence."""


@dataclass(frozen=True)
class Service:
    """A node and how to run it. `inputs` are files it reads at its start: if they change it is restarted."""

    node: Node
    command: Command
    inputs: tuple[Path, ...]
    probe: Probe

    @property
    def name(self) -> str:
        return self.node.name


@dataclass(frozen=True)
class Running:
    """A process that runs: `since` is its start in seconds since 1970."""

    name: str
    pid: int
    since: float


class Runner(Protocol):
    """Starts, watches and stops services. Raises `NodeError`."""

    def running(self) -> Mapping[str, Running]:
        """Everything of this network that runs, by name."""

    def start(self, services: Iterable[Service]) -> list[str]:
        """Start those that do not run, restart those whose command or inputs changed; gives their names."""

    def stop_strays(self) -> list[str]:
        """Stop those of which no record was left when an earlier run was killed; gives their names."""

    def wait_ready(self, services: Iterable[Service], timeout: float) -> None:
        """Return when every service answers its probe."""

    def stop(self, names: Iterable[str] | None = None) -> list[str]:
        """Stop those named (default: all, also those of whom no record is left); gives their names."""

    def abandon(self) -> list[str]:
        """Stop what this runner has started since it was made; gives the names."""
