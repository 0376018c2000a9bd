"""Wallets: a patient's own folder, and the identities of an institution's staff and services.

For hospital IT, without anything of health: :class:`~carechannel.wallet.file_wallet.FileWallet` (private keys
encrypted, or in a PKCS#11 token), :mod:`~carechannel.wallet.msp_folder` (Fabric's standard folders) and
:mod:`~carechannel.wallet.node_wallet` (the format of Fabric's Node client). For patients: :class:`Wallet`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carechannel.wallet.credentials import Credentials
    from carechannel.wallet.enrolment import EnrolmentTicket, enrol, invite
    from carechannel.wallet.entry import Entry, HardwareKey
    from carechannel.wallet.file_wallet import FileWallet, Opened
    from carechannel.wallet.password import Password
    from carechannel.wallet.wallet import Wallet

__all__ = [
    "Credentials",
    "EnrolmentTicket",
    "Entry",
    "FileWallet",
    "HardwareKey",
    "Opened",
    "Password",
    "Wallet",
    "enrol",
    "invite",
]

_HOMES = {
    "Credentials": "credentials",
    "EnrolmentTicket": "enrolment",
    "Entry": "entry",
    "FileWallet": "file_wallet",
    "HardwareKey": "entry",
    "Opened": "file_wallet",
    "Password": "password",
    "Wallet": "wallet",
    "enrol": "enrolment",
    "invite": "enrolment",
}


def __getattr__(name: str) -> object:
    """Imports a public name at its first use (PEP 562), so that a file wallet alone loads no health code."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
