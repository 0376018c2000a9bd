"""PEM as Go's encoding/pem reads it: the first whole block counts, what stands around it does not.

Each text is gone through once, so that a hostile one of many beginnings costs no more than its length.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"\n-----END "
_DASHES: Final = b"-----"
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_QUARTET: Final = 4


def first(content: bytes) -> bytes | None:
    """The content of the first PEM block, whatever its kind; None where there is none."""
    position = 0
    while position <= len(content):
        end = content.find(_END, position)
        if end < 0:
            return None
        trailer = end + len(_END)
        begin = content.rfind(_BEGIN, position, end)
        if begin == position or (begin > position and content[begin - 1 : begin] == b"\n"):
            kind, start = _line(content, begin + len(_BEGIN))
            if kind.endswith(_DASHES):
                inner = _after_headers(content, start)
                if inner is None or inner > trailer:
                    return None
                if (inner == start or end >= inner) and _ends(content, trailer, kind):
                    found = _decoded(content[inner:end])
                    if found is not None:
                        return found
        position = trailer
    return None


def _line(content: bytes, position: int) -> tuple[bytes, int]:
    """A line without the blanks at its end, and where the next one begins."""
    end = content.find(b"\n", position)
    if end < 0:
        return content[position:].rstrip(b" \t"), len(content)
    return content[position:end].removesuffix(b"\r").rstrip(b" \t"), end + 1


def _after_headers(content: bytes, position: int) -> int | None:
    """Where the lines of the form "name: value" are over; None at the end of the text."""
    while position < len(content):
        line, following = _line(content, position)
        if b":" not in line:
            return position
        position = following
    return None


def _ends(content: bytes, position: int, kind: bytes) -> bool:
    return content.startswith(kind, position) and not _line(content, position + len(kind))[0]


def _decoded(text: bytes) -> bytes | None:
    plain = text.translate(None, b" \t\r\n")
    if len(plain) % _QUARTET or _BASE64.fullmatch(plain) is None:
        return None
    return binascii.a2b_base64(plain)
