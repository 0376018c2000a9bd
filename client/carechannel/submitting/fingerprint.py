"""What tells two requests apart without telling what is in them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_DOMAIN: Final = b"carechannel submission 1"
_SHORTEST_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a chaincode's function; its content is in no representation of it."""

    channel: str
    chaincode: str
    contract: str | None
    function: str
    arguments: tuple[str | bytes, ...] = field(repr=False)
    transient: tuple[tuple[str, bytes], ...] = field(repr=False)
    endorsing_organizations: tuple[str, ...]
    creator: tuple[str, ...] = field(default=(), repr=False)
    """Who makes it: MSP ID and common name, which a renewed certificate keeps."""

    def fingerprint(self, key: bytes) -> bytes:
        """HMAC-SHA256 over the whole request; equal for equal requests only.

        Without the key nobody can try out contents against it.

        Raises:
            ValueError: the key is shorter than 32 bytes.
        """
        if len(key) < _SHORTEST_KEY:
            raise ValueError(f"the key of fingerprints needs at least {_SHORTEST_KEY} bytes")
        return hmac.new(key, b"".join(_framed(part) for part in self._parts()), hashlib.sha256).digest()

    def _parts(self) -> Iterator[bytes]:
        yield _DOMAIN
        yield self.channel.encode()
        yield self.chaincode.encode()
        yield from _counted([] if self.contract is None else [self.contract.encode()])
        yield self.function.encode()
        yield from _counted([a.encode() if isinstance(a, str) else a for a in self.arguments])
        yield from _counted(
            [part for name, value in sorted(self.transient) for part in (name.encode(), value)]
        )
        yield from _counted([name.encode() for name in sorted(set(self.endorsing_organizations))])
        yield from _counted([part.encode() for part in self.creator])


def _counted(parts: list[bytes]) -> Iterator[bytes]:
    yield len(parts).to_bytes(8, "big")
    yield from parts


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big") + part
