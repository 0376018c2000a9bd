"""Starting a chaincode process."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabric_shim import Chaincode, serve

OPTIONS = ("--chaincode-id", "--address", "--tls-cert", "--tls-key", "--client-ca")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ID", "SERVER_ADDRESS", "TLS_CERT_FILE", "TLS_KEY_FILE", "CLIENT_CA_FILE"):
        monkeypatch.delenv(f"CHAINCODE_{name}", raising=False)


def test_missing_settings_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        serve(Chaincode(), ["--chaincode-id", "x"])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert all(option in error for option in OPTIONS[1:])


def test_help_names_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        serve(Chaincode(), ["--help"])
    assert caught.value.code == 0
    assert "CHAINCODE_SERVER_ADDRESS" in capsys.readouterr().out


def test_what_cannot_start_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = ("care:1", "127.0.0.1:0", *(str(tmp_path / name) for name in ("a.crt", "a.key", "ca.crt")))
    argv = [word for pair in zip(OPTIONS, values, strict=True) for word in pair]
    assert serve(Chaincode(), argv) == 1
    assert "a.crt cannot be read" in capsys.readouterr().err
