"""Blocks and configurations as peers give them."""

from __future__ import annotations

import hashlib

from fabric_protos.common import common_pb2, configtx_pb2

CHANNEL = "regional-care"


def envelope(kind: int, data: bytes = b"", transaction_id: str = "", channel: str = CHANNEL) -> bytes:
    header = common_pb2.ChannelHeader(type=kind, channel_id=channel, tx_id=transaction_id)
    payload = common_pb2.Payload(
        header=common_pb2.Header(channel_header=header.SerializeToString()), data=data
    )
    return common_pb2.Envelope(payload=payload.SerializeToString(), signature=b"s").SerializeToString()


def block(number: int, *envelopes: bytes, codes: bytes = b"") -> bytes:
    return common_pb2.Block(
        header=common_pb2.BlockHeader(
            number=number, previous_hash=b"p" * 32, data_hash=hashlib.sha256(b"".join(envelopes)).digest()
        ),
        data=common_pb2.BlockData(data=envelopes),
        metadata=common_pb2.BlockMetadata(metadata=[b"", b"", codes or bytes(len(envelopes)), b"", b""]),
    ).SerializeToString()


def transaction(transaction_id: str) -> bytes:
    return envelope(common_pb2.ENDORSER_TRANSACTION, transaction_id=transaction_id)


def config_block(
    config: configtx_pb2.Config, *, number: int = 0, update: bytes = b"", channel: str = CHANNEL
) -> bytes:
    """`update` is the envelope that led to it."""
    content = configtx_pb2.ConfigEnvelope(config=config)
    if update:
        content.last_update.ParseFromString(update)
    return block(number, envelope(common_pb2.CONFIG, content.SerializeToString(), channel=channel))
