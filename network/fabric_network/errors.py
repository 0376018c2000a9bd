"""Everything `fabric_network` refuses or fails at; a message says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class NetworkError(Exception):
    """Base class: `code` is stable for programs, the message is a sentence for people."""

    code = "network"


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a topology file.

    `key` is the path of the key in the file (`channels.regional-care.members[3]`, empty for the whole file),
    `wrong` and `mend` are a sentence each.
    """

    key: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        sentence = f"{self.wrong} {self.mend}"
        return f"{self.key}: {sentence}" if self.key else sentence


class TopologyError(NetworkError):
    """A topology file cannot be used; carries every problem that was found, in file order."""

    code = "topology"

    def __init__(self, file: Path | str, problems: Sequence[Problem]) -> None:
        self.file = str(file)
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{self.file}: {problem}" for problem in self.problems))


class PortBusyError(NetworkError):
    """A port that the network needs is held by another process."""

    code = "port-busy"


class BinariesError(NetworkError):
    """The Fabric binaries could neither be found nor built."""

    code = "binaries"


class CertificateError(NetworkError):
    """A CA did not issue what was asked of it."""

    code = "certificate"


class NodeError(NetworkError):
    """A node did not start, stopped by itself, or did not answer in time."""

    code = "node"


class ChannelError(NetworkError):
    """A channel could not be created or joined."""

    code = "channel"


class LifecycleError(NetworkError):
    """A chaincode could not be packaged, installed, approved or committed."""

    code = "lifecycle"


class MemberError(NetworkError):
    """A member could not be made known on a channel."""

    code = "member"
