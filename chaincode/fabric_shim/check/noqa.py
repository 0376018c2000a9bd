"""``# noqa: FS101 reason``: comments that silence a rule on their line."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_COMMENT: Final = re.compile(
    r"#\s*noqa:\s*(?P<codes>[A-Z]+[0-9]+(?:(?:\s*,\s*|\s+)[A-Z]+[0-9]+)*)(?P<rest>.*)", re.I
)
_OURS: Final = re.compile(r"FS[0-9]+", re.I)


@dataclass(slots=True)
class Noqa:
    """One comment with codes of this check; codes of other tools in it are left to them."""

    line: int
    column: int
    codes: tuple[str, ...]
    reason: str
    used: set[str] = field(default_factory=set)


def noqa_comments(text: str) -> Iterator[Noqa]:
    """The comments of a module that name codes of this check. The text must be valid Python."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or (match := _COMMENT.search(token.string)) is None:
            continue
        codes = tuple(code.upper() for code in _OURS.findall(match["codes"]))
        if codes:
            reason = match["rest"].partition("#")[0].strip(" \t-–—:,.")
            yield Noqa(token.start[0], token.start[1] + match.start() + 1, codes, reason)
