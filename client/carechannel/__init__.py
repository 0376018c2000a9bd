"""Share health records under the patient's own consent over a Hyperledger Fabric consortium."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carechannel.client import CareChannel
    from carechannel.code import PatientCode
    from carechannel.consents import draft as draft_consent
    from carechannel.consortium import Consortium
    from carechannel.errors import CareChannelError
    from carechannel.identity import Identity
    from carechannel.profile import Profile
    from carechannel.publishing import Published
    from carechannel.reading import Record
    from carechannel.wallet import Wallet

__all__ = [
    "CareChannel",
    "CareChannelError",
    "Consortium",
    "Identity",
    "PatientCode",
    "Profile",
    "Published",
    "Record",
    "Wallet",
    "draft_consent",
]

_HOMES = {
    "CareChannel": "client",
    "CareChannelError": "errors",
    "Consortium": "consortium",
    "Identity": "identity",
    "PatientCode": "code",
    "Profile": "profile",
    "Published": "publishing",
    "Record": "reading",
    "Wallet": "wallet",
    "draft_consent": "consents",
}


def __getattr__(name: str) -> object:
    """Imports a public name at its first use (PEP 562), so that `carechannel.sdk` alone loads no gateway."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(module, "draft" if name == "draft_consent" else name)
