"""How connections behave: message size and keepalive."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Limits and keepalive of all connections of a listener, or of one dialled connection.

    The defaults are those of Fabric's chaincode server (fabric-chaincode-go, shim/internal/server.go).

    :ivar max_message_bytes: the largest message, in both directions; a larger one breaks its stream.
    :ivar keepalive_seconds: after so long without a message the other side is pinged.
    :ivar keepalive_timeout_seconds: a ping unanswered for so long closes the connection.
    :ivar min_ping_seconds: a client that pings an idle connection more often is cut off. Fabric's peer does
        it every minute, which gRPC would not allow by default.
    :ivar reconnect_seconds: the longest wait between two attempts to connect again; the first follows after
        a tenth of a second. gRPC's default of two minutes would keep a restarted server waiting.
    """

    max_message_bytes: int = 100 * 1024 * 1024
    keepalive_seconds: float = 60.0
    keepalive_timeout_seconds: float = 20.0
    min_ping_seconds: float = 30.0
    reconnect_seconds: float = 2.0
