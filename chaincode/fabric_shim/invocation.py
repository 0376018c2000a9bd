"""What a transaction is before it runs: the client's proposal, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignedProposal:
    """The client's proposal as it was signed, and the signature."""

    proposal_bytes: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChaincodeEvent:
    """The event that is published when the transaction commits. Every member sees name and payload."""

    name: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the client's proposal says: the part of a transaction that never changes while it runs.

    :ivar peer_msp_id: the organisation of the endorsing peer where something other than the environment says
        so (see :meth:`ChaincodeStub.get_mspid`).
    """

    tx_id: str
    channel_id: str
    args: tuple[bytes, ...] = field(repr=False)
    creator: bytes = field(repr=False)
    timestamp: datetime
    transient: Mapping[str, bytes] = field(repr=False)
    binding: bytes = field(repr=False)
    signed_proposal: SignedProposal | None = field(repr=False, default=None)
    decorations: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    peer_msp_id: str = ""
