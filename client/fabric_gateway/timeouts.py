"""How long to wait for the gateway, step by step."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from fabric_gateway import _arguments


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds. What takes longer ends with the step's error and status DEADLINE_EXCEEDED.

    Attributes:
        evaluate: until one peer has answered.
        endorse: until the endorsements are collected.
        submit: until the orderers have the transaction.
        commit_status: until the transaction's block is committed.
        chaincode_events: life of one stream of chaincode events; None: without end.
        block_events: life of one stream of blocks; None: without end.

    Raises:
        ArgumentError: one of them is no number.
    """

    evaluate: float = 30
    endorse: float = 30
    submit: float = 30
    commit_status: float = 60
    chaincode_events: float | None = None
    block_events: float | None = None

    def __post_init__(self) -> None:
        for seconds in astuple(self):
            _arguments.timeout(seconds)
