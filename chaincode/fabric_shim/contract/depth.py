"""How deep arrays and objects of a JSON text lie in each other."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

MAX_DEPTH: Final = 200
"""Far beyond what data needs, and below what stops any supported version of Python, whose limits differ."""

_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}
# Strings, of which the last may lack its end, and whatever else is no bracket.
_NO_BRACKETS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"\[\]{}]++', re.DOTALL)


def is_too_deep(text: str) -> bool:
    """Whether brackets are open more than ``MAX_DEPTH`` deep somewhere; the text need not be JSON.

    Costs next to nothing for a text with so few brackets that it cannot be.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    brackets = _NO_BRACKETS.sub("", text)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_DEPTH
