"""The Python of each page runs, and its tables say what is."""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from fabric_shim import settings
from fabric_shim._internal.limits import COPIES
from fabric_shim.contract import ContractChaincode, JsonSerializer
from fabric_shim.errors import LedgerError, TransactionInvalidError, TransactionRefusedError
from fabric_shim.metrics import Metrics
from fabric_shim.observer import Call, Ended
from fabric_shim.server import RELOAD_SECONDS
from fabric_shim.testing import LedgerSimulator, TestIdentity, ValidationCode
from prometheus_client.parser import text_string_to_metric_families

from tests.docs.pages import PAGES, Typed, commands, module, snippets, table
from tests.docs.terminal import Terminal
from tests.docs.walk import walk

ALICE = TestIdentity.create("Org1MSP", "alice")


def load(page: str, folder: Path) -> ModuleType:
    """Import the page's Python as a module: its assertions are checked."""
    file = folder / f"{page.removesuffix('.md')}_page.py"
    file.write_text(module(page))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = made
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    yield load("contracts.md", tmp_path_factory.mktemp("contracts"))
    del sys.modules["contracts_page"]


def test_contracts_page(contracts: ModuleType) -> None:
    assert contracts.metadata


def test_the_table_of_types(contracts: ModuleType) -> None:
    rows = table("contracts.md", "declared")
    assert len(rows) == 17
    for declared, argument, becomes, result in rows:
        annotation = eval(_code(declared), vars(contracts))
        decoded = JsonSerializer().decoder(annotation)(_code(argument).encode())
        assert decoded == eval(_code(becomes), vars(contracts)), declared
        assert JsonSerializer().encoder(annotation)(decoded).decode() == _code(result), declared


def _code(cell: str) -> str:
    found = re.match(r"`([^`]*)`", cell)
    return found[1] if found else ""


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    yield load("stub.md", tmp_path_factory.mktemp("stub"))
    del sys.modules["stub_page"]


@pytest.fixture
def channel(stub: ModuleType) -> LedgerSimulator:
    """A channel of two organisations with every chaincode of the page."""
    ledger = LedgerSimulator(
        "mychannel", ContractChaincode(stub.Cars()), name="cars", organizations=["Org1MSP", "Org2MSP"]
    )
    for name in ("Counter", "Refused", "Deeds", "Dealer", "Ward"):
        collections = ["secrets"] if name == "Refused" else []
        ledger.deploy(name, ContractChaincode(getattr(stub, name)()), collections=collections)
    return ledger


async def test_queries_of_the_stub_page(channel: LedgerSimulator) -> None:
    for owner, plate in (("ann", "B-1"), ("ann", "B-2"), ("bea", "B-2")):
        await channel.submit("register", [owner, plate], creator=ALICE)
    events = channel.events(start_block=1).take()
    assert [(event.name, event.payload) for event in events] == [
        ("registered", plate) for plate in (b"B-1", b"B-2", b"B-2")
    ]
    answers = {
        ("plates", "ann"): b'["B-1","B-2"]',
        ("first",): b"B-1",
        ("page", "1"): b'["B-1","B-2"]',
        ("page", "1", "B-2"): b'["B-2",""]',
        ("owners", "B-2"): b'["bea","ann"]',
    }
    for (function, *args), payload in answers.items():
        assert (await channel.evaluate(function, args, creator=ALICE)).payload == payload


async def test_writes_of_the_stub_page(channel: LedgerSimulator) -> None:
    told = await channel.submit("twice", chaincode="Counter", creator=ALICE)
    assert (told.payload, told.writes) == (b"0", {"count": b"1"})


@pytest.mark.parametrize("function", ["private_range_and_write", "page_and_write"])
async def test_what_fabric_refuses(channel: LedgerSimulator, function: str) -> None:
    with pytest.raises(TransactionRefusedError) as refused:
        await channel.submit(function, chaincode="Refused", creator=ALICE)
    assert isinstance(refused.value.__cause__, LedgerError)


async def test_a_rich_query_on_leveldb(channel: LedgerSimulator) -> None:
    told = await channel.evaluate("rich_query", chaincode="Refused", creator=ALICE)
    assert told.payload == b"query-not-supported"


async def test_key_endorsement_of_the_stub_page(channel: LedgerSimulator) -> None:
    await channel.submit("sell", ["d1", "Org2MSP"], chaincode="Deeds", endorsers=["Org1MSP"], creator=ALICE)
    with pytest.raises(TransactionInvalidError) as invalid:
        await channel.submit(
            "sell", ["d1", "Org1MSP"], chaincode="Deeds", endorsers=["Org1MSP"], creator=ALICE
        )
    assert invalid.value.validation_code == ValidationCode.ENDORSEMENT_POLICY_FAILURE
    await channel.submit("sell", ["d1", "Org1MSP"], chaincode="Deeds", endorsers=["Org2MSP"], creator=ALICE)


async def test_calls_and_callers_of_the_stub_page(channel: LedgerSimulator) -> None:
    told = await channel.submit("buy", ["B-3"], chaincode="Dealer", creator=ALICE)
    assert told.payload == b"200 "
    assert (await channel.evaluate("plates", ["dealer"], creator=ALICE)).payload == b'["B-3"]'
    with pytest.raises(TransactionRefusedError, match="not-a-doctor"):
        await channel.submit("admit", chaincode="Ward", creator=ALICE)
    doctor = TestIdentity.create("Org2MSP", "dora", attributes={"role": "doctor"})
    assert (await channel.submit("admit", chaincode="Ward", creator=doctor)).payload == b"Org2MSP"


def test_testing_page(tmp_path: Path) -> None:
    code = module("testing.md")
    (tmp_path / "test_page.py").write_text(code)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    wanted = len(re.findall(r"^(?:async )?def test_", code, re.M))
    assert f"{wanted} passed" in told.stdout, told.stdout


@pytest.mark.usefixtures("logging_restored")
def test_server_page(tmp_path: Path) -> None:
    assert load("server.md", tmp_path).printed
    del sys.modules["server_page"]


def test_the_start_command_of_the_server_page(tmp_path: Path) -> None:
    walk("server.md", ["The server"], tmp_path)


def test_every_setting_is_in_the_table() -> None:
    rows = table("server.md", "option")
    parser = argparse.ArgumentParser()
    settings.add_arguments(parser)
    described = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in rows}
    assert described == {
        setting.option: list(setting.variables) for group in settings._GROUPS.values() for setting in group
    }
    assert set(described) == {
        option for action in parser._actions for option in action.option_strings[-1:]
    } - {"--help"}


def test_the_defaults_of_the_table(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    settings.add_arguments(parser)
    defaults = {row[0].strip("`"): row[3] for row in table("server.md", "option")}
    required = [option for option, default in defaults.items() if default == "required"]
    told = settings.read(parser.parse_args([word for option in required for word in (option, "a:1")]), {})
    assert {
        "--grace": f"{told.grace:g}",
        "--max-transactions": str(told.limits.running),
        "--worker-threads": str(told.limits.worker_threads),
        "--log-level": told.log_level,
        "--log-format": told.log_format,
    }.items() <= defaults.items()
    text = (PAGES / "server.md").read_text()
    assert f"up to {told.limits.waiting} of them and {told.limits.held_bytes >> 20} MiB" in text
    assert f"Up to {told.limits.calling} may wait like that" in text
    assert COPIES == 3, "a message counted three times"
    assert f"every {RELOAD_SECONDS:g} seconds" in text


def test_every_metric_is_in_the_table() -> None:
    metrics = Metrics()
    call = Call("mychannel", "1", "Hello:hello")
    metrics.transaction_began(call)
    metrics.transaction_ended(call, Ended("endorsed", "", 0.001, 4))
    families = text_string_to_metric_families(metrics.exposition().decode())
    ours = {
        sample.name: set(sample.labels) - {"le"}
        for family in families
        if family.name.startswith("fabric_shim_")
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
    described = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in table("server.md", "metric")
    }
    assert described == {re.sub(r"_(bucket|sum|count)$", "", name): labels for name, labels in ours.items()}


def test_check_page(tmp_path: Path) -> None:
    """What the page's commands and tests find in the file that it talks of, and in a clean one."""
    python = [each.text for each in snippets("check.md") if each.language == "python"]
    (console,) = [each.text for each in snippets("check.md") if each.language == "console"]
    package = tmp_path / "my_contracts"
    package.mkdir()
    for name in ("__init__.py", "people.py"):
        (package / name).touch()
    method = ["class Assets:", "    def create(self):", "        created = datetime.datetime.now()"]
    body = ["import datetime", *[""] * 10, *method]
    (package / "assets.py").write_text("\n".join(body) + "\n")
    (typed,) = commands(console)
    silenced, tests = python
    with closing(Terminal(tmp_path)) as terminal:
        terminal.type(typed)
        (package / "assets.py").write_text(f"import time\n\n{silenced}")
        terminal.type(Typed("fabric-shim check my_contracts", "Checked 3 files: no findings.\n"))
        (tmp_path / "test_check.py").write_text(tests)
        terminal.type(Typed("python -m pytest -q -p no:asyncio test_check.py", "…\n2 passed in …s\n"))
