"""Credentials and wallets for these tests."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from carechannel.wallet import Credentials, FileWallet, Password
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fabric_gateway.signers import PrivateKey

from tests.unit.carechannel.certificates import TestCa, pem

CA = TestCa()
PASSWORD = Password("correct horse")
CHEAP = 2**14
"""Cost of trying a password: the least that is taken, for tests only."""


def key_of(kind: str) -> PrivateKey:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP384R1() if kind == "p384" else ec.SECP256R1())


def credentials(
    kind: str = "p256", name: str = "it-admin", ends: timedelta = timedelta(days=365)
) -> Credentials:
    key = key_of(kind)
    certificate = CA.issue(name, key.public_key(), timedelta(days=-400), ends)  # type: ignore[arg-type]
    return Credentials("HospitalAMSP", pem(certificate), key)


def wallet(folder: Path, password: Password | None = PASSWORD) -> FileWallet:
    return FileWallet(folder / "wallet", password, cost=CHEAP)
