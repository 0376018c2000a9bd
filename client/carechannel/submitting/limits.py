"""How long single steps may take within a call's deadline."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. A step never takes longer than its limit, nor than what is left of the call's deadline.

    Attributes:
        evaluate: one evaluation at one peer.
        endorse: one proposal's endorsement, its signing included.
        submit: until the orderers have confirmed that they have the transaction.
        commit_status: until a transaction that the orderers have is in a block.
        settle: how long each peer is asked first about a transaction of which nobody knows whether the
            orderers have it; doubled with each round, up to ``commit_status``.
        call: the deadline of calls that are given none.

    Raises:
        ValueError: one of them is not a finite number above zero.
    """

    evaluate: float = 15.0
    endorse: float = 20.0
    submit: float = 15.0
    commit_status: float = 30.0
    settle: float = 2.0
    call: float = 60.0

    def __post_init__(self) -> None:
        if not all(0 < seconds < math.inf for seconds in astuple(self)):
            raise ValueError("limits are finite numbers of seconds, above zero")
