"""The command line where no network is needed: usage, exit status, one sentence for each mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from carechannel.cli import app
from carechannel.cli.session import show
from carechannel.wallet import Wallet
from typer.testing import CliRunner, Result

from tests.unit.carechannel.certificates import TestCa, pem, write_msp
from tests.unit.carechannel.simulated import CHANNEL, A, profile_of

GROUPS = {
    "records": ("publish", "amend", "resume", "list", "history", "read"),
    "consents": ("grant", "revoke", "list"),
    "access": ("request", "outcome"),
    "audit": ("disclosures", "history"),
    "patients": ("invite", "enrol", "code", "get"),
    "institution": ("join", "approve", "list"),
    "agent": ("run",),
}
HANDLE = "ab" * 16


class Cli:
    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {
            "CARECHANNEL_PROFILE": "",
            "CARECHANNEL_IDENTITY": "",
            "CARECHANNEL_CONSORTIUM": "",
        }
        self.profile = folder / "profile.json"
        self.profile.write_text(profile_of(folder, A).model_dump_json(by_alias=True))
        ca = TestCa()
        wallet = Wallet.create(folder / "wallet", CHANNEL, A)
        key = wallet._private_key()
        certificate = pem(ca.issue("x", key.public_key()))
        wallet.keep_certificate(certificate)
        self.user = write_msp(folder / A / "users" / "registrar", certificate, pem(key), pem(ca.certificate))

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(item) for item in arguments], env={"COLUMNS": "80"})

    def staff(self, *arguments: str | Path, consortium: str = CHANNEL, identity: str = "registrar") -> Result:
        return self.run(
            *arguments, "--profile", self.profile, "--identity", identity, "--consortium", consortium
        )


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setattr("carechannel.cli.session._as_json", False)
    for name in ("PROFILE", "IDENTITY", "CONSORTIUM", "WALLET"):
        monkeypatch.delenv(f"CARECHANNEL_{name}", raising=False)
    return Cli(tmp_path)


def failed(result: Result, code: str) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert re.search(rf"\[{code}[\],]", line), line
    return line


def test_every_command_has_help_within_80_columns(cli: Cli) -> None:
    commands = [(), ("demo",), *((group,) for group in GROUPS)]
    commands += [(group, command) for group, names in GROUPS.items() for command in names]
    for command in commands:
        result = cli.run(*command, "--help")
        assert result.exit_code == 0, command
        assert all(len(line) <= 80 for line in result.stdout.splitlines()), command


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("records", "publish"),
        ("records", "list", "--patient", HANDLE),
        ("consents", "grant", "--wallet", "w", "--profile", "p", "--consortium", "c"),
        ("institution", "approve", "--profile", "p", "--identity", "i"),
        ("institution", "approve", "AMSP", "--all", "--profile", "p", "--identity", "i"),
        ("consents", "list", "--profile", "p", "--consortium", "c"),
    ],
)
def test_wrong_usage_is_status_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli.run(*arguments).exit_code == 2


def test_a_date_that_is_none_is_wrong_usage(cli: Cli) -> None:
    result = cli.staff("audit", "disclosures", "--custodian", A, "--since", "yesterday")
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not-json"),
        (b"", "empty"),
        (b"{}", "not-fhir"),
        (b'{"resourceType":"MedicationOrder"}', "wrong-fhir-version"),
        (b'{"resourceType":"Patient","birthDate":"x"}', "invalid-fhir"),
        (
            b'{"resourceType":"Bundle","type":"collection","entry":['
            b'{"resource":{"resourceType":"Patient","id":"a"}},{"resource":{"resourceType":"Patient","id":"b"}}]}',
            "several-patients",
        ),
    ],
)
def test_bad_content_is_one_sentence(cli: Cli, content: bytes, code: str) -> None:
    file = cli.folder / "content.json"
    file.write_bytes(content)
    failed(cli.staff("records", "publish", file, "--patient", HANDLE), code)


def test_a_file_of_100_megabytes_is_not_even_read(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cli.folder / "content.json"
    with file.open("wb") as sparse:
        sparse.truncate(100 * 2**20)
    monkeypatch.setattr(Path, "read_bytes", _read_all_but(file, Path.read_bytes))
    assert "64 MiB" in failed(cli.staff("records", "publish", file, "--patient", HANDLE), "too-large")


def _read_all_but(file: Path, read_bytes: object) -> object:
    def read(path: Path) -> bytes:
        assert path != file
        return read_bytes(path)  # type: ignore[operator, no-any-return]

    return read


def test_a_file_that_is_not_there(cli: Cli) -> None:
    failed(cli.staff("records", "publish", cli.folder / "none", "--patient", HANDLE), "file-unreadable")


def test_unknown_consortium(cli: Cli) -> None:
    result = cli.staff("records", "list", "--patient", HANDLE, consortium="nowhere")
    assert CHANNEL in failed(result, "unknown-consortium")


def test_patient_code_of_another_consortium_and_no_code(cli: Cli) -> None:
    for patient in ("care1.eyJj", "somebody"):
        failed(cli.staff("records", "list", "--patient", patient), "patient-code-invalid")


def test_no_profile_and_no_identity(cli: Cli) -> None:
    failed(cli.staff("records", "list", "--patient", HANDLE, identity="nobody"), "identity-invalid")
    missing = cli.run("institution", "list", "--profile", "none", "--identity", "i", "--consortium", "c")
    failed(missing, "profile-invalid")


def test_a_network_that_is_down(cli: Cli) -> None:
    content = json.loads(cli.profile.read_text())
    ca = pem(TestCa().certificate).decode()
    for peer in content["peers"].values():
        peer["tlsCACerts"]["pem"] = ca
    cli.profile.write_text(json.dumps(content))
    failed(cli.staff("records", "list", "--patient", HANDLE), "network-down")


def test_a_consent_that_could_never_apply_is_not_granted(cli: Cli) -> None:
    place = ("--wallet", cli.folder / "wallet", "--profile", cli.profile, "--consortium", CHANNEL)
    mistyped = cli.run("consents", "grant", "--to", "NobodyMSP", *place)
    assert A in failed(mistyped, "unknown-member")
    failed(cli.run("consents", "grant", "--staff", "NobodyMSP/x", *place), "unknown-member")
    assert cli.run("consents", "grant", "--to", A, "--until", "2020-01-01", *place).exit_code == 2


def test_a_failed_enrolment_leaves_no_wallet(cli: Cli) -> None:
    wallet = cli.folder / "other"
    place = ("--wallet", wallet, "--profile", cli.profile, "--consortium", CHANNEL)
    result = cli.run("patients", "enrol", "--enrolment-id", "x", "--secret", "y", *place)
    assert result.exit_code == 1
    assert not (wallet / CHANNEL).exists(), "so that the patient can try again"


def test_a_table_that_does_not_fit_is_written_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show("Few", [{"name": "a", "block": 1}])
    show("Wide", [{"name": "a" * 50, "folder": "b" * 50}, {"name": "c", "folder": "d"}])
    few, wide = capsys.readouterr().out.split("Wide")
    assert few.split() == ["Few", "name", "block", "a", "1"]
    assert f"folder {'b' * 50}" in wide.splitlines()
    assert wide.count("\nfolder ") == 2
    assert "folder d" in wide.splitlines()


@pytest.mark.parametrize(("content", "code"), [(b"{", "not-json"), (b"{}", "not-fhir")])
def test_a_demo_of_bad_content_does_nothing(cli: Cli, content: bytes, code: str) -> None:
    (cli.folder / "dev" / "profiles").mkdir(parents=True)
    for name in ("hospital-a", "hospital-b"):
        (cli.folder / "dev" / "profiles" / f"{name}.json").write_bytes(cli.profile.read_bytes())
    file = cli.folder / "content.json"
    file.write_bytes(content)
    result = cli.run("demo", "--build-dir", cli.folder, "--file", file)
    assert (result.exit_code, code in result.stderr) == (1, True)
    assert not (cli.folder / "dev" / "demo").exists()


def test_errors_are_json_too(cli: Cli) -> None:
    result = cli.staff("--json", "records", "list", "--patient", HANDLE, consortium="nowhere")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["error"]["code"] == "unknown-consortium"


def test_a_patients_code_for_people_and_programs(cli: Cli) -> None:
    arguments = ("patients", "code", "--wallet", cli.folder / "wallet", "--consortium", CHANNEL)
    assert "care1." in cli.run(*arguments).stdout
    shown = json.loads(cli.run(*arguments, "--json").stdout)
    assert shown["code"].startswith("care1.")
    assert shown["custodians"] == [A]


def test_a_demo_without_a_network_says_how_to_start_one(cli: Cli) -> None:
    result = cli.run("demo", "--build-dir", cli.folder / "none")
    assert result.exit_code == 1
    assert "make up" in result.stderr


def test_a_table_shows_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show("Few", [{"name": "[bold]a[/b]", "id": "\x1b[31mred\nline"}])
    assert r"[bold]a[/b]  \x1b[31mred\nline" in capsys.readouterr().out
