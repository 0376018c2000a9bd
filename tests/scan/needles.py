"""The forms in which a planted value could survive on its way into a ledger, a database or a log."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Needle:
    """A planted value and every byte form that would betray it."""

    value: str
    forms: frozenset[bytes]

    @classmethod
    def of(cls, value: str) -> Needle:
        plain = value.encode()
        digest = hashlib.sha256(plain).digest()
        forms = {
            plain,
            plain.hex().encode(),
            value.encode("utf-16-le"),
            json.dumps(value)[1:-1].encode(),
            digest,
            digest.hex().encode(),
            base64.b64encode(digest).rstrip(b"="),
            *_base64_cores(plain),
        }
        return cls(value, frozenset(forms))


def _base64_cores(plain: bytes) -> Iterable[bytes]:
    """The characters of base64 that depend on ``plain`` alone, for each of its three alignments."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain)
        start = (8 * offset + 5) // 6
        end = (8 * (offset + len(plain))) // 6
        core = encoded[start:end]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def found_in(data: bytes, needles: Iterable[Needle]) -> list[str]:
    """Return the values of the needles that ``data`` holds in any form."""
    return [needle.value for needle in needles if any(form in data for form in needle.forms)]
