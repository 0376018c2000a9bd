"""`carechannel ca …` against a real fabric-ca-server, as a program of its own process would be used."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carechannel.cli import app, ca, session
from carechannel.sdk import Enrollment, msp, read_msp, write_msp
from carechannel.sdk.enrollment import key_to_pem, new_key
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_network.render.ca import REGISTRAR
from typer.testing import CliRunner

from tests.unit.sdk.real_ca import SECRET, RunningCa
from tests.unit.sdk.scripted_ca import Issuer, cut, scripted_ca

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def fresh_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_as_json", False)


@pytest.fixture
def run(running_ca: RunningCa, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `carechannel ca` at the real CA; the status has to be the expected one."""

    def runs(*arguments: str | Path, status: int = 0, **environment: str) -> Result:
        monkeypatch.setattr(session, "_as_json", False)
        at = {
            "CARECHANNEL_CA_URL": running_ca.url,
            "CARECHANNEL_CA_TLS_ROOT": str(running_ca.root),
            "CARECHANNEL_CA_NAME": running_ca.name,
        }
        done = CliRunner().invoke(ca.app, [*map(str, arguments)], env={**at, **environment})
        assert done.exit_code == status, done.output
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return runs


@pytest.fixture
def registrar_msp(registrar: Enrollment, tmp_path: Path) -> Path:
    write_msp(tmp_path / "registrar", registrar)
    return tmp_path / "registrar"


def name(stem: str = "Ärztin") -> str:
    return f"{stem} {new_key().private_numbers().private_value:x}"[:40]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_from_registering_to_revoking(run: Run, registrar_msp: Path, tmp_path: Path) -> None:
    who, msp, crl, secret = name(), tmp_path / "me" / "msp", tmp_path / "crl.pem", tmp_path / "secret"
    by = ("--registrar", registrar_msp)
    told = run("register", who, *by, "--attribute", "care.role=Pädiatrie", "--write-secret", secret, "--json")
    assert json.loads(told.stdout) == {"enrolment_id": who, "secret_file": str(secret)}
    assert mode(secret) == 0o600
    enrolled = run("enroll", who, "--msp", msp, "--secret-file", secret, "--json")
    assert secret.read_text().strip() not in told.output + enrolled.output
    assert json.loads(enrolled.stdout)["name"] == who
    assert [mode(path) for path in (msp / "keystore").iterdir()] == [0o600]
    first = read_msp(msp)
    run("reenroll", "--msp", msp, "--same-key")
    assert read_msp(msp).key_pem == first.key_pem
    run("reenroll", "--msp", tmp_path / "me", "--signing-profile", "tls", "--host", "a.example")
    renewed = read_msp(msp)
    assert renewed.key_pem != first.key_pem
    assert b"a.example" in renewed.certificate().public_bytes(Encoding.DER)

    listed = json.loads(run("certificates", *by, "--name", who, "--json").stdout)
    assert len(listed) == 3
    (one,) = [each for each in listed if int(each["serial"], 16) == first.certificate().serial_number]
    told = run("revoke", *by, "--serial", one["serial"], "--aki", one["aki"], "--reason", "superseded")
    assert one["serial"] in told.stdout
    left = json.loads(run("certificates", *by, "--name", who, "--not-revoked", "--json").stdout)
    assert len(left) == 2
    told = run("revoke", who, *by, "--out", crl, "--json")
    assert len(json.loads(told.stdout)["certificates"]) == 2
    numbers = {each.serial_number for each in x509.load_pem_x509_crl(crl.read_bytes())}
    assert {int(each["serial"], 16) for each in listed} <= numbers
    told = run("reenroll", "--msp", msp, status=1)
    assert "[ca-refused]" in told.stderr


def test_the_secret_is_shown_once_and_only_then(run: Run, registrar_msp: Path, tmp_path: Path) -> None:
    who = name()
    told = json.loads(run("register", who, "--registrar", registrar_msp, "--json").stdout)
    enrolled = run("enroll", who, "--msp", tmp_path / "msp", "--secret-env", "MINE", MINE=told["secret"])
    assert told["secret"] not in enrolled.output
    given = run("register", name(), "--registrar", registrar_msp, "--secret-env", "MINE", MINE="s3cret-own")
    assert "s3cret-own" not in given.output


def test_secrets_are_no_arguments_and_files_are_nobody_elses(run: Run, tmp_path: Path) -> None:
    run("enroll", "a", "--msp", tmp_path / "msp", "--secret", "x", status=2)
    run("enroll", "a", "--msp", tmp_path / "msp", status=2)
    run("enroll", "a", "--msp", tmp_path / "msp", "--secret-env", "A", "--secret-file", "b", status=2)
    (tmp_path / "open").write_text("x")
    (tmp_path / "open").chmod(0o644)
    told = run("enroll", "a", "--msp", tmp_path / "msp", "--secret-file", tmp_path / "open", status=1)
    assert "open to others" in told.stderr
    assert not (tmp_path / "msp").exists()


def test_a_wrong_secret_leaves_nothing(run: Run, tmp_path: Path) -> None:
    told = run(
        "enroll", REGISTRAR, "--msp", tmp_path / "msp", "--secret-env", "A", "--json", status=1, A="no"
    )
    assert json.loads(told.stderr)["error"]["code"] == "ca-refused"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_enrolled_over(run: Run, registrar_msp: Path) -> None:
    before = read_msp(registrar_msp)
    told = run("enroll", REGISTRAR, "--msp", registrar_msp, "--secret-env", "A", status=1, A=SECRET)
    assert "is there already" in told.stderr
    assert read_msp(registrar_msp) == before


def test_a_secret_file_of_a_refused_registration_is_taken_back(
    run: Run, registrar_msp: Path, tmp_path: Path
) -> None:
    by = ("--registrar", registrar_msp, "--write-secret", tmp_path / "secret")
    run("register", REGISTRAR, *by, status=1)
    assert not (tmp_path / "secret").exists()
    run("register", name(), *by)
    kept = (tmp_path / "secret").read_text()
    told = run("register", name(), *by, status=1)
    assert "is there already" in told.stderr
    assert (tmp_path / "secret").read_text() == kept
    run("register", name(), *by, "--secret-env", "A", status=2)
    told = run(
        "register", name(), "--registrar", registrar_msp, "--write-secret", tmp_path / "a" / "b", status=1
    )
    assert "cannot be written" in told.stderr


def test_a_secret_file_of_a_registration_that_may_have_happened_stays(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    with scripted_ca(tmp_path / "ca") as script:
        script.act = cut(b"")
        key = new_key()
        mine = script.issuer.issue("me", key.public_key()).public_bytes(Encoding.PEM)
        write_msp(tmp_path / "msp", Enrollment(mine, key_to_pem(key), script.issuer.pem))
        told = run(
            "register", "a", "--registrar", tmp_path / "msp", "--write-secret", tmp_path / "secret",
            "--url", script.url, "--tls-root", script.root, status=1,
        )  # fmt: skip
    assert "look before you ask again" in told.stderr
    assert (tmp_path / "secret").is_file()


def test_identities(run: Run, registrar_msp: Path) -> None:
    who, by = name(), ("--registrar", registrar_msp)
    run("register", who, *by, "--type", "peer", "--authority", "hf.Revoker=true", "--max-enrollments", "2")
    told = json.loads(run("identities", "get", who, *by, "--json").stdout)
    assert (told["id"], told["type"], told["max_enrollments"]) == (who, "peer", 2)
    assert "hf.Revoker=true" in told["attributes"]
    assert who in {each["id"] for each in json.loads(run("identities", "list", *by, "--json").stdout)}
    told = run("identities", "modify", who, *by, "--type", "client", "--attribute", "care.role=x", "--json")
    assert "care.role=x" in json.loads(told.stdout)["attributes"]
    run("identities", "remove", who, *by)
    run("identities", "get", who, *by, status=1)


def test_affiliations(run: Run, registrar_msp: Path) -> None:
    top, by = f"haus{new_key().private_numbers().private_value:x}"[:16], ("--registrar", registrar_msp)
    run("affiliations", "add", f"{top}.Süd", *by, status=1)
    run("affiliations", "add", f"{top}.Süd", *by, "--parents")
    rows = json.loads(run("affiliations", "list", *by, "--json").stdout)
    assert {"affiliation": f"{top}.Süd"} in rows
    run("register", who := name(), *by, "--affiliation", f"{top}.Süd")
    run("affiliations", "remove", top, *by, status=1)
    told = json.loads(run("affiliations", "remove", top, *by, "--force", "--json").stdout)
    assert told == {"affiliation": [top, f"{top}.Süd"], "identities": [who]}


def test_crl(run: Run, registrar_msp: Path, tmp_path: Path) -> None:
    by = ("--registrar", registrar_msp)
    assert x509.load_pem_x509_crl(run("crl", *by).stdout.encode())
    assert json.loads(run("crl", *by, "--json").stdout)["crl"].startswith("-----BEGIN X509 CRL")
    run("crl", *by, "--out", tmp_path / "crl.pem", "--revoked-before", "2020-01-01")
    assert len(list(x509.load_pem_x509_crl((tmp_path / "crl.pem").read_bytes()))) == 0
    told = run("crl", *by, "--out", tmp_path / "no" / "crl.pem", status=1)
    assert "cannot be written" in told.stderr
    run("crl", *by, "--revoked-before", "yesterday", status=2)


def test_revoking_a_certificate_in_a_file(run: Run, registrar_msp: Path, tmp_path: Path) -> None:
    by = ("--registrar", registrar_msp)
    who = name()
    run("register", who, *by, "--secret-env", "A", A="geheim")
    run("enroll", who, "--msp", tmp_path / "msp", "--secret-env", "A", A="geheim")
    certificate = tmp_path / "msp" / "signcerts" / "cert.pem"
    run("revoke", *by, "--certificate", certificate)
    assert "already revoked" in run("revoke", *by, "--certificate", certificate, status=1).stderr
    run("revoke", *by, "--certificate", tmp_path / "none", status=1)
    run("revoke", *by, status=2)
    run("revoke", "a", *by, "--certificate", certificate, status=2)
    run("revoke", *by, "--serial", "a", status=2)
    run("revoke", who, *by, "--reason", "revenge", status=2)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def test_expiry_in_folders(run: Run, issuer: Issuer, tmp_path: Path) -> None:
    key = new_key()
    for stem, ends in (("late", timedelta(days=100)), ("soon", timedelta(days=5, hours=1))):
        certificate = issuer.issue(stem, key.public_key(), ends=ends).public_bytes(Encoding.PEM)
        (tmp_path / f"{stem}.pem").write_bytes(certificate)
    told = run("expiry", tmp_path, "--days", "4")
    assert told.stdout == "None of 2 certificates ends within 4 days.\n"
    (row,) = json.loads(run("expiry", tmp_path, "--json", status=1).stdout)
    assert (row["name"], row["days"], row["found"]) == ("soon", 5, str(tmp_path / "soon.pem"))
    run("expiry", tmp_path / "late.pem", tmp_path / "soon.pem", status=1)
    run("expiry", tmp_path / "none", status=1)
    run("expiry", status=2)
    run("expiry", tmp_path, "--registrar", tmp_path, status=2)


def test_expiry_at_the_ca(run: Run, registrar_msp: Path) -> None:
    assert "None of" in run("expiry", "--registrar", registrar_msp).stdout
    rows = json.loads(run("expiry", "--registrar", registrar_msp, "--days", "400", "--json", status=1).stdout)
    assert REGISTRAR in {row["name"] for row in rows}
    assert all(datetime.fromisoformat(row["expires_at"]) > datetime.now(UTC) for row in rows)


def test_the_group_is_in_the_whole_command() -> None:
    told = CliRunner().invoke(app, ["--json", "ca", "expiry", "none"])
    assert told.exit_code == 1
    assert json.loads(told.stderr)["error"]["code"] == "certificate-file"


def test_info_needs_nobody(run: Run, running_ca: RunningCa) -> None:
    told = json.loads(run("info", "--json").stdout)
    assert told["name"] == running_ca.name
    assert told["chain"].startswith("-----BEGIN CERTIFICATE")


def test_the_ca_of_a_connection_profile(run: Run, running_ca: RunningCa, tmp_path: Path) -> None:
    root = {"pem": running_ca.root.read_text()}
    described = {
        "name": "a",
        "client": {"organization": "A"},
        "organizations": {"A": {"mspid": "AMSP", "peers": [], "certificateAuthorities": ["ca"]}},
        "peers": {"peer0": {"url": "grpcs://a.example:1", "tlsCACerts": root}},
        "certificateAuthorities": {
            "ca": {"url": running_ca.url, "caName": running_ca.name, "tlsCACerts": root}
        },
        "x-carechannel": {
            "home": str(tmp_path), "gateway_peer": "peer0", "users": str(tmp_path), "consortia": {}
        },
    }  # fmt: skip
    (tmp_path / "profile.json").write_text(json.dumps(described))
    unset = {"CARECHANNEL_CA_URL": "", "CARECHANNEL_CA_TLS_ROOT": "", "CARECHANNEL_CA_NAME": ""}
    told = run("info", "--json", "--profile", tmp_path / "profile.json", **unset)
    assert json.loads(told.stdout)["name"] == running_ca.name


def test_a_ca_has_to_be_named(run: Run, tmp_path: Path) -> None:
    run("info", CARECHANNEL_CA_URL="", CARECHANNEL_CA_TLS_ROOT="", status=2)
    run("info", CARECHANNEL_CA_TLS_ROOT="", status=2)
    told = run("info", CARECHANNEL_CA_URL="http://127.0.0.1:1", status=1)
    assert "no https address" in told.stderr
    told = run("identities", "list", "--registrar", tmp_path / "none", status=1)
    assert "cannot be read" in told.stderr
    run("register", "a", "--registrar", tmp_path, "--attribute", "x", status=2)
    run("register", "a", "--registrar", tmp_path, "--attribute", "x=1", "--attribute", "x=2", status=2)


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1",
        f"https://{'a' * 64}.example",
        "https://ca.example/bü",
        "https://ca.example/a b",
        "https://a\x1b",
    ],
)
def test_an_address_that_is_none(run: Run, url: str) -> None:
    told = run("info", CARECHANNEL_CA_URL=url, status=1)
    assert "is no address of a CA" in told.stderr
    assert "\x1b" not in told.stderr


def test_an_expiry_too_far_ahead_is_wrong_usage(run: Run, issuer: Issuer, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_bytes(issuer.pem)
    run("expiry", tmp_path, "--days", "999999", status=1)
    run("expiry", tmp_path, "--days", "9" * 20, status=2)


def test_names_that_look_like_markup_are_listed_as_they_are(run: Run, registrar_msp: Path) -> None:
    """As a delegated registrar may choose them: they neither vanish nor break the list."""
    who, other = (f"{mark}{name('x')[:20]}" for mark in ("[bold]", "[/b]"))
    for each in (who, other):
        run("register", each, "--registrar", registrar_msp, "--attribute", "care.x=[red]\x1b[31m")
    told = run("identities", "list", "--registrar", registrar_msp)
    assert who in told.stdout
    assert other in told.stdout
    one = run("identities", "get", who, "--registrar", registrar_msp)
    assert r"care.x=[red]\x1b[31m" in one.stdout


def test_a_secret_that_is_good_once_is_not_used_up_where_nothing_can_be_written(
    run: Run, registrar_msp: Path, tmp_path: Path
) -> None:
    who = name()
    secret = tmp_path / "secret"
    by = ("--registrar", registrar_msp)
    run("register", who, *by, "--max-enrollments", "1", "--write-secret", secret)
    (tmp_path / "file").write_text("")
    told = run("enroll", who, "--msp", tmp_path / "file" / "msp", "--secret-file", secret, status=1)
    assert "cannot be written" in told.stderr
    run("enroll", who, "--msp", tmp_path / "msp", "--secret-file", secret)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "msp", "registrar", "secret"]


def test_a_crl_replaces_files_only(run: Run, registrar_msp: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    told = run("crl", "--registrar", registrar_msp, "--out", pipe, status=1)
    assert "is no file" in told.stderr
    assert pipe.is_fifo()


def test_a_full_disk_is_found_out_before_the_secret_is_used_up(
    run: Run, registrar_msp: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = name()
    by = ("--registrar", registrar_msp)
    run("register", who, *by, "--max-enrollments", "1", "--write-secret", tmp_path / "secret")

    def full(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(msp, "write_atomically", full)
        told = run("enroll", who, "--msp", tmp_path / "msp", "--secret-file", tmp_path / "secret", status=1)
    assert "No space left on device" in told.stderr
    run("enroll", who, "--msp", tmp_path / "msp", "--secret-file", tmp_path / "secret")
