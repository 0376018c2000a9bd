"""What a transaction brings along: its transient input, its time, its custodian."""

from typing import Final

from care_rules import instants
from care_rules.canonical import Json, parse_json
from care_rules.errors import InputInvalidError
from care_rules.fields import Fields
from fabric_shim.contract import Context

TRANSIENT_KEY: Final = "in"


def private_input(ctx: Context) -> Json:
    """The JSON under the transient key ``in``; an empty object where there is none.

    Raises:
        InputInvalidError: not strict JSON, or there are other transient keys.
    """
    transient = ctx.stub.get_transient()
    if set(transient) - {TRANSIENT_KEY}:
        raise InputInvalidError('The transient map may have the key "in" only.')
    return parse_json(transient[TRANSIENT_KEY]) if TRANSIENT_KEY in transient else {}


def private_fields(ctx: Context) -> Fields:
    """The same, ready to be read key by key."""
    return Fields.of(private_input(ctx), TRANSIENT_KEY)


def transaction_time(ctx: Context) -> int:
    """The proposal's timestamp in microseconds since 1970 UTC, which the peers hold within their time
    window.
    """
    return instants.from_datetime(ctx.stub.get_tx_timestamp())


def transaction_time_text(ctx: Context) -> str:
    """The same as RFC 3339."""
    return instants.to_text(transaction_time(ctx))
