"""The pages on wallet and signers do what they say."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.docs.pages import commands, module, snippets
from tests.docs.terminal import Terminal
from tests.softhsm import PIN, SoftHsm, softhsm
from tests.unit.carechannel.certificates import TestCa, pem, write_msp

WALLET, SIGNERS = "../client/wallet.md", "../client/signers.md"
CA = TestCa()
SECRETS = ("--password-env", "WALLET_PASSWORD", "--pin-env", "TOKEN_PIN")


@pytest.fixture
def hsm() -> SoftHsm:
    return softhsm()


@pytest.fixture
def terminal(tmp_path: Path, hsm: SoftHsm) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    for typed in commands(f"$ export SOFTHSM2_CONF={hsm.settings}\n"):
        opened.type(typed)
    yield opened
    opened.close()


def _person(folder: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = CA.issue(name, key.public_key(), ends=timedelta(days=365))
    write_msp(folder / name, pem(certificate), pem(key), pem(CA.certificate))


def _run(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    exec(compile(module(page), page, "exec"), {"__name__": "page"})


def test_the_wallet_page(tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    _person(tmp_path, "alice")
    for snippet in snippets(WALLET):
        if snippet.language == "console":
            for typed in commands(snippet.text):
                terminal.type(typed)
    _person(tmp_path, "bob")
    key = softhsm().add_key("it-admin", "secp256r1")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    (tmp_path / "it-admin.pem").write_bytes(pem(CA.issue("it-admin", key)))
    monkeypatch.setenv("WALLET_PASSWORD", "a long sentence")
    monkeypatch.setenv("TOKEN_PIN", PIN)
    _run(WALLET, tmp_path, monkeypatch)
    told = subprocess.run(
        [*["carechannel", "wallet", "check", "--wallet", "wallet", "--days", "0", "--json"], *SECRETS],
        cwd=tmp_path,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.count('"problem": null') == 3


def test_the_signers_page(tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    _person(tmp_path, "user")
    (tmp_path / "user" / "msp" / "signcerts").rename(tmp_path / "signcerts")
    (tmp_path / "user" / "msp" / "keystore").rename(tmp_path / "keystore")
    _run(SIGNERS, tmp_path, monkeypatch)
    shown = snippets(SIGNERS)
    (script,) = [snippet for snippet in shown if snippet.title == "ask.py"]
    (tmp_path / script.title).write_text(script.text)
    (console,) = [snippet for snippet in shown if snippet.language == "console"]
    for typed in commands(console.text):
        terminal.type(typed)
