"""One rule of FHIR that a resource breaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Where and what; ``path`` is a FHIRPath, ``rule`` a clause without any value of the resource."""

    path: str
    rule: str
