"""Which text stands as a literal in a call, told from the call's bytecode.

A record's text may be shown when it is such a literal: then the author of the code wrote it, and no value
of a transaction can be it. That it *equals* a literal, or is the same object as one elsewhere in the
function, says nothing: Python shares short texts and those that look like names.
"""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FrameType
from typing import Final

Place = tuple[int, int]
Span = tuple[Place, Place]

_SILENT: Final = frozenset({"PUSH_NULL", "CACHE", "NOP", "EXTENDED_ARG", "KW_NAMES", "PRECALL", "RESUME"})


def is_literal_message(frame: FrameType, text: object) -> bool:
    """Whether the call that a frame is in has this text as its message, written out as a literal.

    The message is the first argument; the second one of a call of ``….log``. Any other expression for it
    (a name, an f-string, a choice between two literals) is none. Code without positions
    (``python -X no_debug_ranges``) has no literals either.
    """
    index = _message(frame.f_code, frame.f_lasti)
    return index is not None and frame.f_code.co_consts[index] is text


@lru_cache(maxsize=4096)
def _message(code: CodeType, offset: int) -> int | None:
    """Find the literal that is the message of the call at an offset, by its place among the constants."""
    instructions = [found for found in dis.get_instructions(code) if found.opname not in _SILENT]
    positions = [_span(position) for position in code.co_positions()]
    call = positions[offset // 2]
    spans = [positions[found.offset // 2] for found in instructions]
    if call is None:
        return None
    # A call evaluates what it calls, which begins where the call begins, and then one argument after another.
    called = [
        number
        for number, span in enumerate(spans)
        if span is not None
        and (span[0] == call[0] and _inside(span, call))
        and instructions[number].offset < offset
        and instructions[number].opname != "LOAD_CONST"  # Python 3.13 places the keywords' names there
    ]
    if not called:
        return None
    first = called[-1] + 1
    if instructions[called[-1]].argval == "log":
        first = _after_argument(spans, first, call)
    message, span = instructions[first], spans[first]
    literal = message.opname == "LOAD_CONST" and span is not None and _inside(span, call)
    return message.arg if literal and _is_whole(spans, first, call) else None


def _after_argument(spans: list[Span | None], first: int, call: Span) -> int:
    """Find the instruction that follows those of the argument that begins with the one at ``first``."""
    begin = spans[first]
    if begin is None:
        return first
    around = [span for span in spans if span is not None and _inside(begin, span) and _inside(span, call)]
    end = max((span[1] for span in around), default=begin[1])
    following = first + 1
    while following < len(spans) - 1 and (span := spans[following]) is not None and span[0] < end:
        following += 1
    return following


def _is_whole(spans: list[Span | None], at: int, call: Span) -> bool:
    """Whether what one instruction loads is a whole argument, not a part of a larger expression."""
    part = spans[at]
    return not any(
        span is not None and number != at and part is not None and _inside(part, span) and _inside(span, call)
        for number, span in enumerate(spans)
    )


def _inside(inner: Span, outer: Span) -> bool:
    """Whether a span lies in another one that is larger."""
    return outer[0] <= inner[0] and inner[1] <= outer[1] and inner != outer


def _span(position: tuple[int | None, int | None, int | None, int | None]) -> Span | None:
    line, end_line, column, end_column = position
    if line is None or end_line is None or column is None or end_column is None:
        return None
    return (line, column), (end_line, end_column)
