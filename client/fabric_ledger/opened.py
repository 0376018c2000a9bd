"""Transactions taken apart as far as they go without a signature, and the signatures that they claim.

All signatures of a block are gathered so, and then checked in one go: between single checks a processor would
forget the library's code and tables, which costs a fifth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fabric_gateway.validation import ValidationCode

from fabric_ledger import _messages, transactions
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import UnsupportedError
from fabric_ledger.msp import Identity
from fabric_ledger.signatures import Claim
from fabric_ledger.transactions import Checked, InvalidError, Outline


@dataclass(slots=True)
class Opened:
    """A transaction whose signatures are still to be checked.

    Attributes:
        creator: who claims to have signed it.
        place: of the creator's signature among the claims.
        refusal: why it ends before any signature is looked at.
        later: why it ends after the creator's signature.
        checked: an endorser transaction; None for others.
        endorsers: who claims to have endorsed it, with the place of each claim.
        unknown: why an endorser cannot be known here.
    """

    creator: Identity | None = None
    place: int = 0
    refusal: InvalidError | UnsupportedError | None = None
    later: InvalidError | None = None
    checked: Checked | None = None
    endorsers: list[tuple[Identity, int]] = field(default_factory=list)
    unknown: UnsupportedError | None = None


def opened(parts: Outline, configuration: ChannelConfiguration, claims: list[Claim | None]) -> Opened:
    """Take a transaction apart, and add its signatures to the claims.

    Args:
        parts: its envelope.
        configuration: in force for its block.
        claims: of the block so far; the transaction's are appended.
    """
    found = Opened(place=len(claims))
    try:
        _check_understood(parts, configuration)
        creator = transactions.claimed_creator(parts, configuration.msps)
    except (InvalidError, UnsupportedError) as error:
        found.refusal = error
        return found
    found.creator = creator
    claims.append(creator.claim(parts.payload, parts.signature))
    if parts.type == _messages.CONFIG_UPDATE:
        found.later = InvalidError(
            ValidationCode.UNSUPPORTED_TX_PAYLOAD, "an update is no transaction of a block"
        )
    elif parts.type == _messages.ENDORSER_TRANSACTION:
        try:
            found.checked = transactions.bindings(parts, creator)
        except InvalidError as error:
            found.later = error
        else:
            _add_endorsers(found, found.checked, configuration, claims)
    return found


def endorsers(each: Opened, held: list[bool]) -> tuple[Identity, ...]:
    """Those whose signatures are good, each once, in order; the others are left out, as peers do.

    Raises:
        UnsupportedError: an endorser's MSP is not understood.
    """
    if each.unknown is not None:
        raise each.unknown
    return tuple({identity.key: identity for identity, place in each.endorsers if held[place]}.values())


def _add_endorsers(
    found: Opened, checked: Checked, configuration: ChannelConfiguration, claims: list[Claim | None]
) -> None:
    response = checked.endorsed.response_payload
    msps = configuration.msps
    try:
        for serialized, signature in checked.endorsed.endorsements:
            identity = msps.identity(serialized)
            if not isinstance(identity, str):
                found.endorsers.append((identity, len(claims)))
                claims.append(identity.claim(response + serialized, signature))
    except UnsupportedError as error:
        found.unknown = error


def _check_understood(parts: Outline, configuration: ChannelConfiguration) -> None:
    if configuration.validation_refusal is not None:
        raise UnsupportedError(configuration.validation_refusal)
    if parts.channel is not None and parts.channel.channel != configuration.channel:
        raise UnsupportedError(
            f"it is an envelope of channel {parts.channel.channel!r}, whose MSPs are not known here"
        )
