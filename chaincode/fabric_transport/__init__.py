"""Calls and streams of messages over HTTP/2 for chaincode and client: bytes only, behind one small interface.

:func:`listen` serves one bidirectional method, :func:`connect` dials a server; what they give is described by
the protocols of :mod:`fabric_transport.interface`. grpcio stands behind both; another implementation
of HTTP/2 offers the same two functions.
"""

from fabric_transport.errors import ClosedError, ListenError, StreamError, TlsError, TransportError
from fabric_transport.grpc_client import connect
from fabric_transport.grpc_server import listen
from fabric_transport.interface import ClientStream, Connection, Converse, Listener, ServerStream, Stream
from fabric_transport.options import Options
from fabric_transport.tls import INSECURE, ClientTls, Insecure, ServerTls

__all__ = [
    "INSECURE",
    "ClientStream",
    "ClientTls",
    "ClosedError",
    "Connection",
    "Converse",
    "Insecure",
    "ListenError",
    "Listener",
    "Options",
    "ServerStream",
    "ServerTls",
    "Stream",
    "StreamError",
    "TlsError",
    "TransportError",
    "connect",
    "listen",
]
