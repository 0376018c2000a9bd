"""Identities from MSP folders; each thing that can be wrong has its own error."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from carechannel.errors import ExpiredCertificateError, IdentityError, WrongCertificateError
from carechannel.identity import Identity
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.carechannel.certificates import TestCa, pem, write_msp

CA = TestCa()
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = CA.issue("ab" * 16, KEY.public_key())


def test_an_identity_is_read_from_either_folder(tmp_path: Path) -> None:
    write_msp(tmp_path, pem(CERTIFICATE), pem(KEY), pem(CA.certificate))
    for folder in (tmp_path, tmp_path / "msp"):
        identity = Identity.load(folder, "HospitalAMSP")
        assert (identity.msp_id, identity.staff_id) == ("HospitalAMSP", "ab" * 16)
    assert "private_key" not in repr(identity)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="no folder"):
        Identity.load(tmp_path / "nobody", "HospitalAMSP")


def test_two_keys(tmp_path: Path) -> None:
    write_msp(tmp_path, pem(CERTIFICATE), pem(KEY))
    (tmp_path / "msp" / "keystore" / "other.pem").write_bytes(pem(KEY))
    with pytest.raises(IdentityError, match="holds 2"):
        Identity.load(tmp_path, "HospitalAMSP")


def test_another_key(tmp_path: Path) -> None:
    write_msp(tmp_path, pem(CERTIFICATE), pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(WrongCertificateError, match="do not belong together"):
        Identity.load(tmp_path, "HospitalAMSP")


def test_another_ca(tmp_path: Path) -> None:
    write_msp(tmp_path, pem(CERTIFICATE), pem(KEY), pem(TestCa().certificate))
    with pytest.raises(WrongCertificateError, match="not issued by the CA"):
        Identity.load(tmp_path, "HospitalAMSP")


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (timedelta(days=-2), timedelta(days=-1), "expired"),
        (timedelta(days=1), timedelta(days=2), "only from"),
    ],
)
def test_out_of_date(tmp_path: Path, starts: timedelta, ends: timedelta, words: str) -> None:
    certificate = CA.issue("x", KEY.public_key(), starts, ends)
    write_msp(tmp_path, pem(certificate), pem(KEY), pem(CA.certificate))
    with pytest.raises(ExpiredCertificateError, match=words):
        Identity.load(tmp_path, "HospitalAMSP")


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        (b"?", pem(KEY), "not a certificate"),
        (pem(CERTIFICATE), b"?", "not an unencrypted private key"),
        (
            pem(CERTIFICATE),
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "elliptic-curve",
        ),
    ],
)
def test_unusable_files(tmp_path: Path, certificate: bytes, key: bytes, words: str) -> None:
    write_msp(tmp_path, certificate, key)
    with pytest.raises(IdentityError, match=words):
        Identity.load(tmp_path, "HospitalAMSP")
