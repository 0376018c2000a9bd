"""``carechannel ledger`` on files: what people read at 80 columns, what programs get, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from carechannel.cli import app, session
from fabric_ledger import BlockFiles
from fabric_ledger.sources import formats
from typer.testing import CliRunner, Result

REAL = Path(__file__).parent / "blocks" / "blockfile_000000"
GENESIS = "cbfaddbd785abe3ef988c4c4b09b2c7a11abaaf8830bf6a18b105fc2e26c586f"


def run(*arguments: str) -> Result:
    session._as_json = False  # it stays for a run of the program, and here are many in one
    return CliRunner().invoke(app, ["ledger", *arguments], env={"CARECHANNEL_PROFILE": ""})


def on_file(command: str, *arguments: str, path: Path = REAL) -> Result:
    return run(command, *arguments, "--files", str(path))


def told(result: Result) -> dict[str, object]:
    content: dict[str, object] = json.loads(result.stdout)
    return content


@pytest.fixture
def tampered(tmp_path: Path) -> Path:
    content = bytearray(REAL.read_bytes())
    content[-3_000] ^= 1
    path = tmp_path / "tampered"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("info",),
        ("block", "0"),
        ("block", "42"),
        ("block", "11"),
        ("block", "18"),
        ("history", "k1", "--chaincode", "probe"),
        ("verify",),
        ("verify", "--genesis-hash", GENESIS),
    ],
)
def test_eighty_columns(arguments: tuple[str, ...]) -> None:
    result = on_file(*arguments)
    assert result.exit_code == 0, result.output
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert json.loads(on_file(*arguments, "--json").stdout)


def test_verify_says_that_it_is_intact() -> None:
    result = on_file("verify", "--json", "--genesis-hash", GENESIS)
    found = told(result)
    assert result.exit_code == 0
    assert (found["intact"], found["proven_to"], found["genesis_expected"]) == (True, 47, True)
    assert found["flags"] == {"agrees": 59, "differs": 0, "unknown": 0}
    assert found["genesis_hash"] == GENESIS


def test_verify_names_what_is_broken(tampered: Path) -> None:
    result = on_file("verify", path=tampered)
    assert result.exit_code == 1
    assert result.stdout.startswith("TAMPERED: the first break is at block 47.")
    assert "(data-hash)" in " ".join(result.stdout.split())
    found = told(on_file("verify", "--json", path=tampered))
    assert (found["intact"], found["proven_to"]) == (False, 46)


def test_verify_with_another_anchor_or_more_blocks() -> None:
    assert on_file("verify", "--genesis-hash", "00" * 32).exit_code == 1
    assert on_file("verify", "--height", "49").exit_code == 1
    assert on_file("verify", "--height", "48").exit_code == 0


def test_a_transaction_in_words() -> None:
    history = json.loads(on_file("history", "k1", "--chaincode", "probe", "--json").stdout)
    identifier = history[0]["transaction_id"]
    found = told(on_file("transaction", identifier, "--json"))
    assert (found["chaincode"], found["function"], found["arguments"]) == ("probe", "put", ["k1", "one"])
    assert found["validation"] == "VALID: valid"
    creator = found["creator"]
    assert isinstance(creator, dict)
    assert creator["msp_id"] == "AMSP"
    assert found["writes"] == [{"chaincode": "probe", "key": "k1", "value": "one", "deleted": False}]
    missing = on_file("transaction", "00" * 32)
    assert missing.exit_code == 1
    assert "No block holds" in missing.stderr


def test_the_history_of_a_key() -> None:
    public = json.loads(on_file("history", "sbe", "--chaincode", "probe", "--json").stdout)
    assert "ENDORSEMENT_POLICY_FAILURE: too few, or the wrong, members endorsed it" in {
        each["validation"] for each in public
    }
    private = json.loads(
        on_file(
            "history", "pp", "--chaincode", "probe", "--collection", "_implicit_org_AMSP", "--json"
        ).stdout
    )
    assert private
    assert all(each["value"] is None for each in private)
    assert {len(each["value_sha256"]) for each in private} == {64}
    purged = json.loads(
        on_file(
            "history", "p1", "--chaincode", "probe", "--collection", "_implicit_org_AMSP", "--json"
        ).stdout
    )
    assert [each["deleted"] for each in purged] == [False, True, False, True]


def test_a_configuration_in_words() -> None:
    told_ = on_file("block", "46").stdout
    assert "changes policy /Channel/Application/Endorsement" in " ".join(told_.split())
    assert "BMSP  CN=" in told_


def test_export_and_compare(tmp_path: Path) -> None:
    out = tmp_path / "out.blocks"
    assert on_file("export", str(out)).exit_code == 0
    assert list(BlockFiles([out])) == list(BlockFiles([REAL]))
    assert run("compare", "--files", str(out), "--files", str(REAL)).exit_code == 0
    assert on_file("export", str(out)).exit_code == 2  # nothing is overwritten
    folder = tmp_path / "split"
    assert on_file("export", "--split", str(folder)).exit_code == 0
    assert sorted(path.name for path in folder.iterdir())[-1] == "00000047.block"
    assert on_file("verify", path=folder).exit_code == 0


def test_compare_tells_the_first_difference(tmp_path: Path, tampered: Path) -> None:
    result = run("compare", "--files", str(REAL), "--files", str(tampered), "--json")
    assert result.exit_code == 1
    assert told(result)["first_difference"] == 47
    blocks = list(BlockFiles([REAL]))
    with (tmp_path / "short").open("wb") as stream:
        for block in blocks[:7]:
            formats.write(stream, block)
    shorter = run("compare", "--files", str(REAL), "--files", str(tmp_path / "short"))
    assert shorter.exit_code == 0
    assert "One is longer" in shorter.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify",),
        ("verify", "--files", str(REAL), "--genesis-hash", "xyz"),
        ("verify", "--files", str(REAL), "--peer", "p"),
        ("compare", "--files", str(REAL)),
        ("block", "-1", "--files", str(REAL)),
        ("history", "k1", "--files", str(REAL)),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none", tmp_path / "empty"):
        result = on_file("verify", path=path)
        assert result.exit_code == 1
        assert result.stderr.endswith("[ledger-source]\n")
    assert on_file("block", "99").exit_code == 1
    as_json = json.loads(on_file("block", "99", "--json").stderr)
    assert as_json["error"]["code"] == "ledger-source"
