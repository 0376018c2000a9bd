"""Passwords and PINs: from where they come, and where they never show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from carechannel.errors import WalletError, WalletModeError, WalletPasswordError
from carechannel.wallet import Password


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET_PW", "pa ss")
    assert Password.from_environment("WALLET_PW") == Password("pa ss")
    monkeypatch.setenv("WALLET_PW", "")
    for name in ("WALLET_PW", "NO_SUCH_NAME"):
        with pytest.raises(WalletPasswordError, match=f"{name} is not set"):
            Password.from_environment(name)


@pytest.mark.parametrize("content", [b"secret", b"secret\n", b"secret\r\n"])
def test_from_a_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pw"
    file.write_bytes(content)
    file.chmod(0o600)
    assert Password.from_file(file) == Password("secret")
    file.chmod(0o640)
    with pytest.raises(WalletModeError, match="chmod 600"):
        Password.from_file(file)


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"\xff", b"x" * 2000])
def test_from_a_file_that_holds_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pw"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(WalletError):
        Password.from_file(file)
    with pytest.raises(WalletPasswordError, match="cannot be read"):
        Password.from_file(tmp_path / "missing")


@pytest.mark.parametrize("secret", ["", "x" * 1025])
def test_limits(secret: str) -> None:
    with pytest.raises(WalletPasswordError):
        Password(secret)


def test_it_does_not_show() -> None:
    password = Password("secret")
    assert "secret" not in f"{password} {password!r} {[password]}"
    assert password != "secret"
    assert hash(password) == hash(Password("secret"))


def test_what_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environb, b"WALLET_PW", b"\xff\xfe")
    with pytest.raises(WalletPasswordError, match="UTF-8"):
        Password.from_environment("WALLET_PW")
