"""Everything that the transport raises: one base class, a stable ``code`` each. No message carries data."""

from __future__ import annotations


class TransportError(Exception):
    """Base of the transport's errors. ``code`` is stable and meant for programs."""

    code: str = "transport"


class ListenError(TransportError):
    """The address cannot be listened on."""

    code = "listen"


class TlsError(TransportError):
    """Certificate, key or CA certificates cannot be read, or certificate and key do not fit together."""

    code = "tls"


class StreamError(TransportError):
    """The stream broke: the other side, the network or a limit ended it.

    :param status: the gRPC status by its name, such as ``UNAVAILABLE``.
    """

    code = "stream"

    def __init__(self, message: str, *, status: str) -> None:
        super().__init__(message)
        self.status = status
