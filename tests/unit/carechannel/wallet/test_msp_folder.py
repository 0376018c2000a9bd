"""Fabric's standard folders, as cryptogen and fabric-ca-client write them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from carechannel.errors import IdentityError, WalletError, WrongCertificateError
from carechannel.identity import Identity
from carechannel.wallet import Password, msp_folder
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.unit.carechannel.certificates import TestCa, pem
from tests.unit.carechannel.wallet.people import CA, credentials, key_of, wallet

CONFIG = "NodeOUs:\n  Enable: true\n"
RSA_KEY = rsa.generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


def _pkcs8(key: object, password: bytes | None = None) -> bytes:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)  # type: ignore[attr-defined, no-any-return]


def _folder(where: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(content)
    return where


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519"])
def test_cryptogens_layout(tmp_path: Path, kind: str) -> None:
    key = key_of(kind)
    certificate = pem(CA.issue("User1@org1.example.com", key.public_key()))  # type: ignore[arg-type]
    msp = _folder(
        tmp_path / "msp",
        {
            "signcerts/User1@org1.example.com-cert.pem": certificate,
            "keystore/priv_sk": _pkcs8(key),
            "cacerts/ca.org1.example.com-cert.pem": pem(CA.certificate),
            "tlscacerts/tlsca.org1.example.com-cert.pem": pem(TestCa().certificate),
            "admincerts/.keep": b"",
            "config.yaml": CONFIG.encode(),
        },
    )
    for folder in (msp, msp.parent):
        read = msp_folder.read(folder, "Org1MSP")
        assert (read.msp_id, read.certificate_pem) == ("Org1MSP", certificate)
        assert _pkcs8(read.private_key) == _pkcs8(key)
        assert read.authorities.roots == (pem(CA.certificate).decode(),)
        assert read.authorities.config == CONFIG


def test_fabric_ca_clients_layout_with_keys_of_earlier_enrolments(tmp_path: Path) -> None:
    given = credentials()
    old = {f"keystore/{number:064x}_sk": _pkcs8(key_of("p256")) for number in range(5)}
    files = {
        "signcerts/cert.pem": given.certificate_pem,
        **old,
        f"keystore/{'8' * 64}_sk": _pkcs8(given.private_key),
        "keystore/README": b"not a key",
        "keystore/rsa_sk": RSA_KEY,
        "keystore/locked_sk": _pkcs8(key_of("p256"), b"secret"),
        "keystore/.DS_Store": b"\0",
        "cacerts/localhost-7054.pem": pem(CA.certificate),
        "IssuerPublicKey": b"",
        "user/.keep": b"",
    }
    read = msp_folder.read(_folder(tmp_path / "msp", files), "HospitalAMSP")
    assert _pkcs8(read.private_key) == _pkcs8(given.private_key)
    assert Identity.load(tmp_path, "HospitalAMSP").private_key_pem == _pkcs8(read.private_key)


def test_an_intermediate_ca(tmp_path: Path) -> None:
    given = credentials()
    files = {
        "signcerts/cert.pem": given.certificate_pem,
        "keystore/key": _pkcs8(given.private_key),
        "cacerts/root.pem": pem(TestCa().certificate),
        "intermediatecerts/ca.pem": pem(CA.certificate),
    }
    read = msp_folder.read(_folder(tmp_path, files), "HospitalAMSP")
    assert read.authorities.intermediates == (pem(CA.certificate).decode(),)
    (tmp_path / "intermediatecerts" / "ca.pem").unlink()
    with pytest.raises(WrongCertificateError, match="not issued by the CA"):
        msp_folder.read(tmp_path, "HospitalAMSP")


def test_an_encrypted_key(tmp_path: Path) -> None:
    given = credentials()
    files = {
        "signcerts/cert.pem": given.certificate_pem,
        "keystore/key": _pkcs8(given.private_key, b"secret"),
    }
    _folder(tmp_path, files)
    assert msp_folder.read(tmp_path, "HospitalAMSP", Password("secret"))
    with pytest.raises(IdentityError, match="is encrypted; give its password"):
        msp_folder.read(tmp_path, "HospitalAMSP")
    with pytest.raises(IdentityError, match="password is wrong") as raised:
        msp_folder.read(tmp_path, "HospitalAMSP", Password("guess-4711"))
    assert "4711" not in str(raised.value)


GOOD = credentials()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"keystore/key": None}, "holds 0; enrol again"),
        ({"keystore/key": _pkcs8(key_of("p256"))}, "do not belong together"),
        ({"keystore/key": _pkcs8(key_of("p384"))}, "do not belong together"),
        ({"keystore/key": _pkcs8(key_of("ed25519"))}, "do not belong together"),
        ({"keystore/key": RSA_KEY}, "nor an Ed25519 key"),
        ({"keystore/key": _pkcs8(GOOD.private_key)[:90]}, "not readable PEM"),
        ({"keystore/key": _pkcs8(GOOD.private_key) * 2}, "holds 2 private keys"),
        ({"keystore/again": _pkcs8(GOOD.private_key)}, "holds 2 files with the key"),
        ({"keystore/key": b"x" * 300_000}, "more than 262144 bytes"),
        ({"signcerts/cert.pem": None}, "holds 0"),
        ({"signcerts/other.pem": b""}, "holds 2"),
        ({"signcerts/cert.pem": b""}, "not a certificate in PEM"),
        ({"signcerts/cert.pem": GOOD.certificate_pem[:200]}, "not a certificate in PEM"),
        ({"signcerts/cert.pem": GOOD.certificate_pem * 2}, "not a certificate in PEM.*nothing else"),
        (
            {"signcerts/cert.pem": b"Certificate:\n" + GOOD.certificate_pem},
            "not a certificate in PEM.*text around",
        ),
        ({"signcerts/cert.pem": b"\0" * 300_000}, "more than 262144 bytes"),
        ({"cacerts/ca.pem": b"nonsense"}, "ca.pem is not a certificate in PEM"),
        ({"config.yaml": b"\xff"}, "not text in UTF-8"),
    ],
)
def test_each_defect_has_its_sentence(
    tmp_path: Path, changes: dict[str, bytes | None], sentence: str
) -> None:
    files = {"signcerts/cert.pem": GOOD.certificate_pem, "keystore/key": _pkcs8(GOOD.private_key)}
    _folder(tmp_path, files)
    for name, content in changes.items():
        if content is None:
            (tmp_path / name).unlink()
        else:
            _folder(tmp_path, {name: content})
    with pytest.raises(IdentityError, match=sentence):
        msp_folder.read(tmp_path, "HospitalAMSP")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    _folder(tmp_path, {"signcerts/cert.pem": GOOD.certificate_pem, "keystore/key": b""})
    (tmp_path / "keystore" / "key").unlink()
    os.mkfifo(tmp_path / "keystore" / "key")
    with pytest.raises(IdentityError, match="holds 0"):
        msp_folder.read(tmp_path, "HospitalAMSP")


def test_links_as_kubernetes_mounts_secrets(tmp_path: Path) -> None:
    _folder(tmp_path / "..data", {"cert.pem": GOOD.certificate_pem, "key": _pkcs8(GOOD.private_key)})
    for folder, name in (("signcerts", "cert.pem"), ("keystore", "key")):
        (tmp_path / "msp" / folder).mkdir(parents=True)
        (tmp_path / "msp" / folder / name).symlink_to(tmp_path / "..data" / name)
    assert msp_folder.read(tmp_path, "HospitalAMSP")


@pytest.mark.parametrize("msp_id", ["", "a\nb", "a\0b", "x" * 256])
def test_an_msp_id_has_to_be_one(tmp_path: Path, msp_id: str) -> None:
    _folder(tmp_path, {"signcerts/cert.pem": GOOD.certificate_pem, "keystore/key": _pkcs8(GOOD.private_key)})
    with pytest.raises(IdentityError, match="MSP ID"):
        msp_folder.read(tmp_path, msp_id)


def test_through_the_wallet_and_out_again_all_is_there(tmp_path: Path) -> None:
    files = {
        "signcerts/cert.pem": GOOD.certificate_pem,
        "keystore/key": _pkcs8(GOOD.private_key),
        "cacerts/root.pem": pem(TestCa().certificate),
        "intermediatecerts/ca.pem": pem(CA.certificate),
        "config.yaml": CONFIG.encode(),
    }
    taken = msp_folder.read(_folder(tmp_path / "in", files), "HospitalAMSP")
    wallet(tmp_path).put("a", taken)
    msp_folder.write(tmp_path / "out", wallet(tmp_path).credentials("a"))
    again = msp_folder.read(tmp_path / "out", "HospitalAMSP")
    assert (again.certificate_pem, again.authorities) == (taken.certificate_pem, taken.authorities)
    assert _pkcs8(again.private_key) == _pkcs8(GOOD.private_key)
    for path in (tmp_path / "out").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def _is_folder(path: Path) -> None:
    path.mkdir()


def _is_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


@pytest.mark.parametrize("there", [_is_folder, _is_link, Path.touch])
def test_nothing_is_written_over(tmp_path: Path, there: Callable[[Path], None]) -> None:
    there(tmp_path / "out")
    with pytest.raises(WalletError, match="there already"):
        msp_folder.write(tmp_path / "out", GOOD)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="cannot be written"):
        msp_folder.write(tmp_path / "missing" / "out", GOOD)


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0
    original = msp_folder.write_atomically

    def full(path: Path, data: bytes) -> None:
        nonlocal written
        written += 1
        if written == 2:
            raise OSError(28, "No space left on device")
        original(path, data)

    monkeypatch.setattr(msp_folder, "write_atomically", full)
    with pytest.raises(WalletError, match="No space left"):
        msp_folder.write(tmp_path / "out", GOOD)
    assert list(tmp_path.iterdir()) == []
