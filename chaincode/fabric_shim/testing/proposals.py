"""A client's proposals, as a peer hands them to the chaincode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from fabric_shim._internal import messages
from fabric_shim._internal.messages import Message, MessageType
from fabric_shim.invocation import Invocation, SignedProposal
from fabric_shim.testing.identity import TestIdentity
from fabric_shim.testing.rwset import sha256

_NONCE_BYTES: Final = 24


def call_of(
    channel: str,
    number: int,
    timestamp: datetime,
    *,
    creator: TestIdentity,
    transient: Mapping[str, bytes],
    args: Sequence[str | bytes],
    kind: MessageType = MessageType.TRANSACTION,
) -> Message:
    """Make and sign a proposal, and the message by which a peer starts its transaction.

    :param number: makes the nonce, and so the transaction id: the same inputs have the same id.
    """
    nonce = number.to_bytes(_NONCE_BYTES, "big")
    tx_id = sha256(nonce + creator.creator).hex()
    wire_args = tuple(arg.encode() if isinstance(arg, str) else arg for arg in args)
    proposal = messages.proposal(
        channel,
        tx_id,
        timestamp=timestamp,
        creator=creator.creator,
        nonce=nonce,
        transient=transient,
        args=wire_args,
    )
    signed = SignedProposal(proposal, creator.sign(proposal))
    return Message(kind, channel, tx_id, messages.arguments(wire_args), signed)


def invocation_of(
    channel: str,
    number: int,
    timestamp: datetime,
    *,
    creator: TestIdentity,
    transient: Mapping[str, bytes],
    args: Sequence[str | bytes],
) -> Invocation:
    """Read a proposal of :func:`call_of` as from a peer, so that a contract sees what the wire gives."""
    call = call_of(channel, number, timestamp, creator=creator, transient=transient, args=args)
    return messages.parse_invocation(call)
