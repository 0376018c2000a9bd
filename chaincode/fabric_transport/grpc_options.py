"""Our options in grpcio's words."""

from __future__ import annotations

from fabric_transport.options import Options


def channel_options(options: Options) -> list[tuple[str, str | int]]:
    """What both sides of a connection are given."""
    return [
        ("grpc.max_receive_message_length", options.max_message_bytes),
        ("grpc.max_send_message_length", options.max_message_bytes),
        ("grpc.keepalive_time_ms", int(1000 * options.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", int(1000 * options.keepalive_timeout_seconds)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", int(1000 * options.min_ping_seconds)),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", int(1000 * options.min_ping_seconds)),
        # Otherwise a second process could listen on the same port unnoticed.
        ("grpc.so_reuseport", 0),
        # Otherwise connections with other certificates to the same address would share one.
        ("grpc.use_local_subchannel_pool", 1),
    ]
