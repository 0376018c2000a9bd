"""Text of a ledger for terminals: whoever writes to a ledger does not write to an auditor's screen."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with everything escaped that a terminal would act on: controls, line breaks, directions."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
