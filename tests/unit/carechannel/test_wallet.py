"""The patient's wallet."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from carechannel.errors import IdentityError, WalletError, WalletModeError, WalletPasswordError
from carechannel.wallet import Password, Wallet
from cryptography import x509

from tests.unit.carechannel.certificates import TestCa, pem


def test_a_wallet_makes_its_own_key_and_handle(tmp_path: Path) -> None:
    first = Wallet.create(tmp_path / "w", "regional-care", "HospitalAMSP")
    second = Wallet.create(tmp_path / "w", "cancer-registry", "HospitalAMSP")
    assert first.handle != second.handle
    key = first.folder / "msp" / "keystore" / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700
    assert key.read_bytes() != (second.folder / "msp" / "keystore" / "key.pem").read_bytes()
    assert Wallet.load(tmp_path / "w", "regional-care") == first
    assert first.handle not in repr(first)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    made = Wallet.create(tmp_path, "regional-care", "HospitalAMSP")
    key = (made.folder / "msp" / "keystore" / "key.pem").read_bytes()
    with pytest.raises(WalletError, match="already"):
        Wallet.create(tmp_path, "regional-care", "HospitalAMSP")
    assert (made.folder / "msp" / "keystore" / "key.pem").read_bytes() == key


def test_the_request_is_for_the_wallets_key_and_the_certificate_makes_an_identity(tmp_path: Path) -> None:
    wallet = Wallet.create(tmp_path, "regional-care", "HospitalAMSP")
    with pytest.raises(IdentityError):
        wallet.identity()
    request = x509.load_pem_x509_csr(wallet.signing_request("ab" * 16))
    assert request.is_signature_valid
    wallet.keep_certificate(pem(TestCa().issue("ab" * 16, request.public_key())))  # type: ignore[arg-type]
    identity = wallet.identity()
    assert (identity.msp_id, identity.staff_id) == ("HospitalAMSP", "ab" * 16)


def test_custodians_are_kept_and_in_the_code(tmp_path: Path) -> None:
    wallet = Wallet.create(tmp_path, "regional-care", "HospitalBMSP").with_custodians(["HospitalAMSP"])
    assert Wallet.load(tmp_path, "regional-care").custodians == ("HospitalAMSP", "HospitalBMSP")
    assert wallet.code().custodians == wallet.custodians


@pytest.mark.parametrize("content", ["{", "[]", '{"handle":"x","msp_id":"A","custodians":[]}'])
def test_a_damaged_wallet_is_named(tmp_path: Path, content: str) -> None:
    made = Wallet.create(tmp_path, "regional-care", "HospitalAMSP")
    (made.folder / "wallet.json").write_text(content)
    with pytest.raises(WalletError, match="damaged"):
        Wallet.load(tmp_path, "regional-care")


def test_no_wallet(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="no wallet"):
        Wallet.load(tmp_path, "regional-care")


def test_a_wallet_with_a_password_keeps_its_key_encrypted(tmp_path: Path) -> None:
    made = Wallet.create(tmp_path, "regional-care", "HospitalAMSP", password=Password("secret"), cost=2**14)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"PRIVATE KEY" in path.read_bytes()]
    request = x509.load_pem_x509_csr(made.signing_request("ab" * 16))
    made.keep_certificate(pem(TestCa().issue("ab" * 16, request.public_key())))  # type: ignore[arg-type]
    kept = Wallet.load(tmp_path, "regional-care", password=Password("secret")).with_custodians(
        ["HospitalBMSP"]
    )
    assert kept.identity().private_key.public_key() == request.public_key()
    assert "secret" not in repr(kept)
    for password in (None, Password("guess")):
        with pytest.raises(WalletPasswordError):
            Wallet.load(tmp_path, "regional-care", password=password).identity()


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    made = Wallet.create(tmp_path, "regional-care", "HospitalAMSP")
    (made.folder / "msp" / "keystore" / "key.pem").chmod(0o644)
    with pytest.raises(WalletModeError, match="chmod 600"):
        made.signing_request("ab" * 16)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    kept = Wallet.create(tmp_path / "wallet", "region-a", "HospitalAMSP")
    kept.folder.rename(tmp_path / "aside")
    with pytest.raises(WalletError, match="cannot be written"):
        kept.keep_certificate(b"certificate")
    with pytest.raises(WalletError, match="cannot be written"):
        kept.with_custodians(["HospitalBMSP"])
