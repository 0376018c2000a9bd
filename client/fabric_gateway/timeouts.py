"""How long to wait for the gateway, step by step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds. What takes longer ends with the step's error and status DEADLINE_EXCEEDED."""

    evaluate: float = 30
    endorse: float = 30
    submit: float = 30
    commit_status: float = 60
