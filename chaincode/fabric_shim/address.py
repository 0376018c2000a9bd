"""Where a listener listens: ``host:port``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from fabric_shim.errors import ConfigurationError

_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port. An empty host means all of this machine's addresses, port 0 any free port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``host:port``, ``[v6 address]:port`` or ``:port``.

        :raises ConfigurationError: it is none of them.
        """
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        digits = port.isascii() and port.isdigit()
        if not colon or not digits or int(port) > _MAX_PORT or (":" in host) != bracketed:
            raise ConfigurationError("An address must be host:port, with a port from 0 to 65535.")
        return cls(host, int(port))

    def __str__(self) -> str:
        """Give ``host:port``; all addresses are ``[::]``, which takes IPv4 too."""
        host = self.host or "::"
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
