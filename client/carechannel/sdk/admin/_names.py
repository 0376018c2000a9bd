"""Names that go into requests: nothing but a name gets there."""

from __future__ import annotations

import re

from carechannel.sdk.errors import AdministrationError

# What Fabric takes (common/configtx/validator.go; core/chaincode/lifecycle/scc.go).
_CHANNEL = re.compile(r"[a-z][a-z0-9.-]{0,248}")
CHAINCODE = re.compile(r"[a-zA-Z0-9]+(?:[-_][a-zA-Z0-9]+)*")


def check_channel(name: str) -> None:
    """Raises `AdministrationError`."""
    if not _CHANNEL.fullmatch(name):
        raise AdministrationError(
            f"{name!r} is no name of a channel: small letters, digits, '.' and '-', beginning with a letter."
        )


def check_chaincode(name: str) -> None:
    """Raises `AdministrationError`."""
    if not CHAINCODE.fullmatch(name):
        raise AdministrationError(
            f"{name!r} is no name of a chaincode: letters and digits, '-' and '_' between."
        )
