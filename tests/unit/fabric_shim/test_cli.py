"""The command ``fabric-shim``."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fabric_shim import Chaincode
from fabric_shim.cli import main
from fabric_shim.cli.target import TargetError, load
from fabric_shim.contract import ContractChaincode

CONTRACTS = """
from fabric_shim import Chaincode
from fabric_shim.contract import Context, Contract, ContractChaincode, query, transaction

class Base(Contract):
    @query
    async def ping(self, ctx: Context) -> str:
        return "pong"

class Assets(Base):
    name = "assets"

    @transaction
    async def create(self, ctx: Context, asset_id: str, size: int) -> None:
        await ctx.stub.put_state(asset_id, str(size).encode())

class People(Base):
    name = "people"

class Needy(Contract):
    def __init__(self, needed):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def module(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


def contracts_of(chaincode: Chaincode) -> dict[str, list[str]]:
    assert isinstance(chaincode, ContractChaincode)
    described = json.loads(chaincode.metadata)["contracts"]
    return {name: [found["name"] for found in it["transactions"]] for name, it in described.items()}


def test_a_contract_class(folder: Path) -> None:
    module(folder, "cli_class", CONTRACTS)
    assert sorted(contracts_of(load("cli_class:Assets"))["assets"]) == ["create", "ping"]


def test_an_instance_and_a_function(folder: Path) -> None:
    module(folder, "cli_made", CONTRACTS + "made = People()\ndef make(): return Assets()\nnumber = 3\n")
    assert "people" in contracts_of(load("cli_made:made"))
    assert "assets" in contracts_of(load("cli_made:make"))
    with pytest.raises(TargetError, match="cli_made:number is neither a chaincode nor a contract"):
        load("cli_made:number")


def test_a_module_of_one_chaincode(folder: Path) -> None:
    module(folder, "cli_one", CONTRACTS + "class Own(Chaincode):\n    async def invoke(self, stub): ...\n")
    assert type(load("cli_one")).__name__ == "Own"


def test_a_chaincode_instance_goes_before_classes(folder: Path) -> None:
    text = CONTRACTS + "class Own(Chaincode): pass\nclass Other(Chaincode): pass\nserved = Other()\n"
    module(folder, "cli_instance", text)
    assert type(load("cli_instance")).__name__ == "Other"


def test_a_module_of_contracts_serves_all_of_them(folder: Path) -> None:
    module(folder, "cli_all", CONTRACTS.partition("class Needy")[0])
    assert [name for name in contracts_of(load("cli_all")) if "." not in name] == ["assets", "people"]


@pytest.mark.parametrize(
    ("name", "text", "target", "message"),
    [
        ("cli_a", "", "cli_nowhere:x", "There is no module cli_nowhere in "),
        ("cli_b", "", "cli_b.inner:x", "There is no module cli_b.inner in "),
        ("cli_c", "", "cli_c:Missing", "The module cli_c has no Missing"),
        ("cli_d", "", "cli_d", "The module cli_d has neither a chaincode nor a contract"),
        (
            "cli_e",
            "from fabric_shim import Chaincode\na = Chaincode()\nb = Chaincode()\n",
            "cli_e",
            "The module cli_e has several chaincodes",
        ),
        ("cli_f", CONTRACTS, "cli_f:Needy", "The chaincode cannot be made; its own error stands above"),
        ("cli_j", CONTRACTS + "class Twice(Contract):\n    name = 'x'\n", "cli_j:Twice", "cli_j:Twice: "),
        ("cli_g", "import cli_nowhere_else\n", "cli_g", "The module cli_g cannot be imported; its own error"),
        ("cli_h", "1 / 0\n", "cli_h:x", "The module cli_h cannot be imported; its own error"),
        ("cli_i", "def (\n", "cli_i:x", "The module cli_i cannot be imported; its own error"),
    ],
)
def test_what_cannot_be_served_says_why(
    folder: Path, name: str, text: str, target: str, message: str
) -> None:
    module(folder, name, text)
    with pytest.raises(TargetError, match=message):
        load(target)


def test_an_error_of_the_module_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module(folder, "cli_broken", "def prepare():\n    return {}['the missing key']\nprepare()\n")
    assert main(["metadata", "generate", "cli_broken"]) == 1
    error = capsys.readouterr().err
    assert "KeyError: 'the missing key'" in error
    assert 'cli_broken.py", line 2, in prepare' in error


def test_metadata_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module(folder, "cli_metadata", CONTRACTS)
    assert main(["metadata", "generate", "cli_metadata:Assets"]) == 0
    printed = capsys.readouterr().out
    assert main(["metadata", "generate", "cli_metadata:Assets", "--output", "metadata.json"]) == 0
    assert (folder / "metadata.json").read_text() == printed
    assert "assets" in json.loads(printed)["contracts"]
    assert printed.startswith("{\n  ")


def test_metadata_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module(folder, "cli_plain", "from fabric_shim import Chaincode\nserved = Chaincode()\n")
    assert main(["metadata", "generate", "cli_plain"]) == 1
    assert "not made of contracts" in capsys.readouterr().err
    module(folder, "cli_fine", CONTRACTS)
    assert main(["metadata", "generate", "cli_fine:Assets", "-o", "nowhere/metadata.json"]) == 1
    assert "nowhere/metadata.json" in capsys.readouterr().err


def test_start_names_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in os.environ:
        if name.startswith(("CHAINCODE_", "CORE_CHAINCODE_")):
            monkeypatch.delenv(name)
    assert main(["start", "cli_x", "--insecure", "--address", ":0"]) == 2
    assert "Missing: --chaincode-id (or CHAINCODE_ID)" in capsys.readouterr().err
    assert main(["start", "cli_nowhere", "--insecure", "--address", ":0", "--chaincode-id", "x:1"]) == 1
    assert "There is no module cli_nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["--insecure", "start"], ["serve"], ["metadata"]])
def test_a_wrong_command_line_ends_with_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


@pytest.mark.parametrize("words", [["--help"], ["start", "--help"], ["metadata", "generate", "--help"]])
def test_help_fits_a_terminal(words: list[str]) -> None:
    environment = os.environ | {"COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "fabric_shim", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "usage: fabric-shim" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("fabric-shim 0.")


def test_the_check_command_is_there(folder: Path) -> None:
    module(
        folder,
        "clocked",
        "import time\n" + CONTRACTS.replace("await ctx.stub", "time.time(); await ctx.stub"),
    )
    assert main(["check", "clocked.py"]) == 1
    module(folder, "clean", "NUMBER = 1\n")
    assert main(["check", "clean.py"]) == 0


def test_importing_the_shim_loads_no_option() -> None:
    code = (
        "import sys, fabric_shim; print({'opentelemetry', 'prometheus_client', 'uvloop'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("target", ["cli_k.py", "./cli_k", "/tmp", ".", "", ":x", "cli k"])
def test_a_target_that_is_no_module_name_says_so(target: str) -> None:
    with pytest.raises(TargetError, match="is no module; name it as in an import"):
        load(target)


def test_metadata_keeps_the_old_file_when_it_cannot_be_written_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module(folder, "cli_whole", CONTRACTS)
    (folder / "metadata.json").write_text("old")
    write = Path.write_text

    def full(path: Path, text: str, encoding: str) -> int:
        write(path, text[:10], encoding)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert main(["metadata", "generate", "cli_whole:Assets", "-o", "metadata.json"]) == 1
    assert "No space left on device: 'metadata.json'" in capsys.readouterr().err
    assert (folder / "metadata.json").read_text() == "old"
    assert not list(folder.glob(".metadata*"))


def test_metadata_to_a_device_is_no_file_to_replace(folder: Path) -> None:
    module(folder, "cli_device", CONTRACTS)
    assert main(["metadata", "generate", "cli_device:Assets", "-o", os.devnull]) == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize(("sink", "code", "said"), [("| true", 141, ""), ("> /dev/full", 1, "No space left")])
def test_standard_output_that_takes_no_more_is_no_traceback(
    folder: Path, sink: str, code: int, said: str
) -> None:
    module(folder, "cli_pipe", CONTRACTS)
    line = f"{sys.executable} -m fabric_shim metadata generate cli_pipe:Assets {sink}"
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
