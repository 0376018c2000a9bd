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


class ClosedError(TransportError):
    """A call was started on a connection that this side had closed before. Nothing was sent."""

    code = "closed"


class StreamError(TransportError):
    """The call or stream broke: the other side, the network or a limit ended it.

    :param status: the gRPC status by its name, such as ``UNAVAILABLE``.
    :param text: the status's own words, as the other side or gRPC gave them; they may carry the other side's
        data, so they are not part of the message.
    :param details: the serialized ``google.rpc.Status`` that came with it; empty without one.
    """

    code = "stream"

    def __init__(self, message: str, *, status: str, text: str = "", details: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.text = text
        self.details = details
