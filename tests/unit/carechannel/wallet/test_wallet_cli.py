"""``carechannel wallet``: exit status, one sentence for each mistake, 80 columns, no secret anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from carechannel.cli import app
from carechannel.wallet import Credentials, FileWallet, msp_folder, node_wallet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from typer.testing import CliRunner, Result

from tests.softhsm import MODULE, PIN, TOKEN, softhsm
from tests.unit.carechannel.certificates import pem
from tests.unit.carechannel.wallet.people import CA, CHEAP, credentials

PASSWORD = "correct-horse-4711"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(FileWallet.__init__, "__kwdefaults__", {"cost": CHEAP})
    monkeypatch.setenv("PW", PASSWORD)
    monkeypatch.setenv("WRONG", "wrong-9876")
    monkeypatch.setenv("CARECHANNEL_FILE_WALLET", str(tmp_path / "wallet"))

    def run(*arguments: object, input: str | None = None) -> Result:
        monkeypatch.setattr("carechannel.cli.session._as_json", False)
        given = ["wallet", *(str(item) for item in arguments)]
        told = CliRunner().invoke(app, given, env={"COLUMNS": "80"}, input=input)
        assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
        for secret in (PASSWORD, "9876", PIN, "PRIVATE KEY"):
            assert secret not in told.stdout + told.stderr
        return told

    return run


def _msp(folder: Path, name: str = "alice", ends: timedelta = timedelta(days=365)) -> Path:
    made = folder / f"{name}-msp"
    msp_folder.write(made, credentials(name=name, ends=ends))
    return made


def _import(run: Run, folder: Path, name: str = "alice", ends: timedelta = timedelta(days=365)) -> Result:
    msp = _msp(folder, name, ends)
    return run("import", name, "--msp", msp, "--msp-id", "HospitalAMSP", "--password-env", "PW")


def test_import_list_show(run: Run, tmp_path: Path) -> None:
    assert _import(run, tmp_path).exit_code == 0
    _import(run, tmp_path, "bob", timedelta(days=12, hours=1))
    _import(run, tmp_path, "carol", timedelta(days=1, hours=1))
    _import(run, tmp_path, "old", timedelta(days=-3))
    told = run("list")
    assert told.exit_code == 0
    for line in ("expires in 364 days", "expires in 12 days", "expires in 1 day", "expired 3 days ago"):
        assert line in told.stdout
    assert max(len(line) for line in told.stdout.splitlines()) <= 80
    rows = json.loads(run("list", "--json").stdout)
    assert [(row["name"], row["expires_in_days"]) for row in rows] == [
        ("alice", 364),
        ("bob", 12),
        ("carol", 1),
        ("old", -4),
    ]
    shown = json.loads(run("show", "alice", "--json").stdout)
    assert (shown["msp_id"], shown["issuer"], shown["key"]) == ("HospitalAMSP", "CN=ca", "P-256, file")
    assert "alice" in run("show", "alice").stdout


def test_out_and_in_again(run: Run, tmp_path: Path) -> None:
    _import(run, tmp_path)
    assert run("export", "alice", "--node", tmp_path / "a.id", "--password-env", "PW").exit_code == 0
    assert run("export", "alice", "--msp", tmp_path / "out", "--password-env", "PW").exit_code == 0
    for path in (tmp_path / "a.id", tmp_path / "out" / "signcerts" / "cert.pem"):
        assert path.stat().st_mode & 0o077 == 0
    assert node_wallet.parse((tmp_path / "a.id").read_bytes()).msp_id == "HospitalAMSP"
    assert run("import", "again", "--node", tmp_path / "a.id", "--password-env", "PW").exit_code == 0
    for target in ("--node", tmp_path / "a.id"), ("--msp", tmp_path / "out"):
        told = run("export", "alice", *target, "--password-env", "PW")
        assert (told.exit_code, "there already" in told.stderr) == (1, True)
    assert run("remove", "again", "--yes").exit_code == 0
    assert run("remove", "again", "--yes").exit_code == 1
    assert run("remove", "alice", input="n\n").exit_code == 1
    assert [row["name"] for row in json.loads(run("list", "--json").stdout)] == ["alice"]


def test_a_certificate_and_an_encrypted_key(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = credentials()
    (tmp_path / "cert.pem").write_bytes(given.certificate_pem)
    (tmp_path / "key.pem").write_bytes(
        given.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"own"))
    )
    monkeypatch.setenv("OWN", "own")
    where = (
        "--certificate",
        tmp_path / "cert.pem",
        "--key",
        tmp_path / "key.pem",
        "--msp-id",
        "HospitalAMSP",
    )
    told = run("import", "a", *where, "--password-env", "PW")
    assert (told.exit_code, "give its password" in told.stderr) == (1, True)
    assert run("import", "a", *where, "--password-env", "PW", "--key-password-env", "OWN").exit_code == 0
    told = run("import", "a", *where, "--password-env", "PW", "--key-password-env", "OWN")
    assert (told.exit_code, "[wallet-entry-exists]" in told.stderr) == (1, True)
    again = run("import", "a", *where, "--password-env", "PW", "--key-password-env", "OWN", "--replace")
    assert again.exit_code == 0


def test_check_finds(run: Run, tmp_path: Path) -> None:
    _import(run, tmp_path)
    told = run("check", "--password-env", "PW")
    assert (told.exit_code, "1 entries, 0 with a finding." in told.stdout) == (0, True)
    told = run("check")
    assert (told.exit_code, "1 keys not opened" in told.stdout) == (0, True)
    told = run("check", "--password-env", "WRONG")
    assert (told.exit_code, "password is wrong" in told.stdout) == (1, True)
    assert run("check", "--days", "365").exit_code == 1
    (tmp_path / "wallet" / "alice.id").chmod(0o640)
    told = run("check", "--password-env", "PW", "--json")
    assert told.exit_code == 1
    (row,) = json.loads(told.stdout)
    assert (row["name"], row["code"], "chmod 600" in row["problem"]) == ("alice", "wallet-mode", True)
    (tmp_path / "wallet" / "alice.id").chmod(0o600)
    (tmp_path / "wallet").chmod(0o755)
    told = run("check")
    assert (told.exit_code, "chmod 700" in told.stderr) == (1, True)


def test_a_key_in_a_token(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = softhsm().add_key("cli-key", "secp384r1")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    (tmp_path / "cert.pem").write_bytes(pem(CA.issue("hsm", key)))
    (tmp_path / "other.pem").write_bytes(credentials().certificate_pem)
    monkeypatch.setenv("PIN", PIN)
    place = (
        "--msp-id",
        "HospitalAMSP",
        "--pkcs11-module",
        MODULE,
        "--token",
        TOKEN,
        "--key-label",
        "cli-key",
    )
    assert run("import", "hsm", "--certificate", tmp_path / "cert.pem", *place).exit_code == 0
    assert "P-384, PKCS#11" in run("list").stdout
    assert json.loads(run("show", "hsm", "--json").stdout)["token"] == TOKEN
    assert run("check", "--days", "0", "--pin-env", "PIN").exit_code == 0
    told = run("check", "--days", "0", "--pin-env", "WRONG")
    assert (told.exit_code, "is not tried again" in told.stdout) == (1, True)
    told = run("export", "hsm", "--node", tmp_path / "x.id", "--password-env", "PW")
    assert (told.exit_code, "never leaves it" in told.stderr) == (1, True)
    run("import", "other", "--certificate", tmp_path / "other.pem", *place)
    told = run("check", "--days", "0", "--pin-env", "PIN")
    assert (told.exit_code, "does not belong to the certificate" in told.stdout) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "a"),
        ("import", "a", "--msp", "x"),
        ("import", "a", "--msp", "x", "--node", "y", "--msp-id", "M"),
        ("import", "a", "--node", "x", "--msp-id", "M"),
        ("import", "a", "--certificate", "x", "--msp-id", "M"),
        ("import", "a", "--key", "x", "--msp-id", "M"),
        ("import", "a", "--msp", "x", "--key", "y", "--msp-id", "M"),
        ("import", "a", "--certificate", "x", "--key", "y", "--pkcs11-module", "z", "--msp-id", "M"),
        ("import", "a", "--certificate", "x", "--pkcs11-module", "z", "--msp-id", "M", "--key-id", "zz"),
        ("export", "a"),
        ("export", "a", "--msp", "x", "--node", "y"),
        ("check", "--days", "-1"),
        ("check", "--password-env", "PW", "--password-file", "x"),
        ("show",),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list",), "wallet-invalid"),
        (("show", "a"), "wallet-invalid"),
        (("show", "../a"), "wallet-invalid"),
        (("import", "a", "--msp", "/nowhere", "--msp-id", "M", "--password-env", "PW"), "identity-invalid"),
        (("import", "a", "--node", "/nowhere", "--password-env", "PW"), "identity-invalid"),
        (("check",), "wallet-invalid"),
        (("check", "--password-env", "NO_SUCH"), "wallet-password"),
    ],
)
def test_what_fails_is_1_with_a_code(run: Run, arguments: tuple[str, ...], code: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 1
    assert told.stderr.strip().endswith(f"[{code}]")
    told = run(*arguments, "--json")
    assert (told.exit_code, json.loads(told.stderr)["error"]["code"]) == (1, code)


def test_without_a_terminal_nobody_is_asked(run: Run, tmp_path: Path) -> None:
    msp = _msp(tmp_path)
    told = run("import", "a", "--msp", msp, "--msp-id", "HospitalAMSP", input="typed\ntyped\n")
    assert told.exit_code == 1
    assert "--password-env" in told.stderr
    assert not (tmp_path / "wallet").exists()


def test_a_password_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o644)
    where = ("import", "a", "--msp", _msp(tmp_path), "--msp-id", "HospitalAMSP", "--password-file", file)
    told = run(*where)
    assert (told.exit_code, "chmod 600" in told.stderr) == (1, True)
    file.chmod(0o600)
    assert run(*where).exit_code == 0
    assert run("check", "--password-env", "PW").exit_code == 0


def test_names_are_shown_as_they_are(run: Run, tmp_path: Path) -> None:
    msp = _msp(tmp_path)
    for name in ("[red]Zoë[b]", "病院-管理者"):
        run("import", name, "--msp", msp, "--msp-id", "HospitalAMSP", "--password-env", "PW")
        assert name in run("list").stdout


def test_a_certificate_that_is_not_valid_yet_is_a_finding(run: Run, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    early = CA.issue("early", key.public_key(), timedelta(days=5), timedelta(days=400))
    msp_folder.write(tmp_path / "early", Credentials("HospitalAMSP", pem(early), key))
    run("import", "early", "--msp", tmp_path / "early", "--msp-id", "HospitalAMSP", "--password-env", "PW")
    told = run("check", "--password-env", "PW")
    assert told.exit_code == 1
    assert "valid only from" in told.stdout


def test_names_in_certificates_and_files_say_nothing_to_a_terminal(run: Run, tmp_path: Path) -> None:
    _import(run, tmp_path)
    msp_folder.write(tmp_path / "evil", credentials(name="ev\x1b[2Jil\nexpiry 9"))
    run("import", "evil", "--msp", tmp_path / "evil", "--msp-id", "HospitalAMSP", "--password-env", "PW")
    (tmp_path / "wallet" / "\x1b[31mred.id").write_bytes(b"")
    for arguments in (("show", "evil"), ("list",), ("check",)):
        assert "\x1b" not in run(*arguments).stdout
    assert r"ev\x1b[2Jil\nexpiry 9" in run("show", "evil").stdout
