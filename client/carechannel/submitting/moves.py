"""What a submission can do next (actions), and what can come of it (events)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fabric_gateway import ValidationCode

from carechannel.submitting.reasons import Reason


@dataclass(frozen=True, slots=True)
class Endorse:
    """Make a new proposal, with a new transaction id, and have it endorsed and signed."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Write the signed envelope down durably, before anybody can be handed it."""


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand the envelope to the orderers."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a peer what became of the transaction.

    Attributes:
        expected: the orderers said that they have it, so it is worth waiting for.
        round: how often all peers have been asked before.
    """

    expected: bool
    round: int


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """Read the codes of all transactions with this id in the first block that has one."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait after so many failures."""

    failures: int


class Ending(Enum):
    """How a submission ends."""

    COMMITTED = "the transaction is valid"
    FAILED = "nothing was written, and nothing that was sent can be written later"
    UNKNOWN = "the transaction may be valid, or may become so"


@dataclass(frozen=True, slots=True)
class Done:
    """The end.

    Attributes:
        ending: how it ended.
        dead: an envelope was written down that is known never to become valid.
    """

    ending: Ending
    dead: bool = False


Action = Endorse | Keep | Submit | Ask | ReadBlock | Pause | Done


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Endorse, Keep, Submit or Pause was done."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Endorse failed, or Submit was refused by the gateway before it handed anything to an orderer."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Submit, Ask or ReadBlock came to no answer: nothing is known."""


@dataclass(frozen=True, slots=True)
class Found:
    """The validation codes that Ask (one) or ReadBlock (all with this id in the block) found."""

    codes: tuple[ValidationCode, ...]


Event = Succeeded | Refused | Unanswered | Found
