"""Starting a chaincode process: what its settings may be, and what it says of wrong ones."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from fabric_shim import Chaincode, ChaincodeServer, launch, serve
from fabric_shim.address import Address
from fabric_shim.cli import main
from fabric_shim.errors import ConfigurationError
from fabric_shim.settings import ServerSettings, add_arguments, read
from fabric_shim.tls import OperationsTls, TlsConfig
from fabric_transport import INSECURE

pytestmark = pytest.mark.usefixtures("logging_restored")

OPTIONS = ("--chaincode-id", "--address", "--tls-cert", "--tls-key", "--client-ca")
OURS = {
    "CHAINCODE_ID": "care:1",
    "CHAINCODE_SERVER_ADDRESS": "127.0.0.1:9999",
    "CHAINCODE_TLS_CERT_FILE": "own.crt",
    "CHAINCODE_TLS_KEY_FILE": "own.key",
    "CHAINCODE_CLIENT_CA_FILE": "ca.crt",
}
GO_SAMPLES = {
    "CHAINCODE_ID": "care:1",
    "CHAINCODE_SERVER_ADDRESS": "127.0.0.1:9999",
    "CHAINCODE_TLS_DISABLED": "false",
    "CHAINCODE_TLS_CERT": "own.crt",
    "CHAINCODE_TLS_KEY": "own.key",
    "CHAINCODE_CLIENT_CA_CERT": "ca.crt",
}
NODE = {
    "CORE_CHAINCODE_ID": "care:1",
    "CORE_CHAINCODE_ADDRESS": "127.0.0.1:9999",
    "CORE_CHAINCODE_TLS_CERT_FILE": "own.crt",
    "CORE_CHAINCODE_TLS_KEY_FILE": "own.key",
    "CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE": "ca.crt",
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CHAINCODE_", "CORE_CHAINCODE_", "GRPC_")):
            monkeypatch.delenv(name)


def settings(*argv: str, **environment: str) -> ServerSettings:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return read(parser.parse_args(argv), environment)


@pytest.mark.parametrize("environment", [OURS, GO_SAMPLES, NODE], ids=["ours", "go", "node"])
def test_the_environment_of_every_language_is_understood(environment: dict[str, str]) -> None:
    told = settings(**environment)
    assert (told.chaincode_id, told.address) == ("care:1", Address("127.0.0.1", 9999))
    assert told.tls == TlsConfig(Path("own.crt"), Path("own.key"), Path("ca.crt"))
    assert (told.grace, told.operations, told.tracing) == (30.0, None, False)
    assert (told.log_level, told.log_format) == ("INFO", "text")


def test_fabrics_test_network_names_the_id_twice() -> None:
    told = settings(
        CHAINCODE_ID="care:1",
        CORE_CHAINCODE_ID_NAME="care:1",
        CHAINCODE_SERVER_ADDRESS="0.0.0.0:9999",
        CHAINCODE_TLS_DISABLED="true",
    )
    assert (told.chaincode_id, told.tls) == ("care:1", INSECURE)


def test_an_option_goes_before_the_environment() -> None:
    assert settings("--chaincode-id", "other:2", **OURS).chaincode_id == "other:2"


def test_our_variable_goes_before_those_of_other_languages() -> None:
    assert settings(**OURS | {"CHAINCODE_TLS_CERT": "go.crt"}).tls == settings(**OURS).tls
    only_node = {name: value for name, value in OURS.items() if name != "CHAINCODE_ID"}
    assert settings(**only_node, CORE_CHAINCODE_ID="node:1").chaincode_id == "node:1"


def test_tls_is_on_unless_said() -> None:
    with pytest.raises(ConfigurationError, match=r"Missing: --tls-cert \(or CHAINCODE_TLS_CERT_FILE\)"):
        settings("--chaincode-id", "care:1", "--address", ":9999")
    assert settings("--insecure", **OURS).tls is INSECURE
    assert settings(**OURS | {"CHAINCODE_TLS_DISABLED": "TRUE"}).tls is INSECURE
    assert settings(**OURS | {"CHAINCODE_TLS_DISABLED": ""}).tls is not INSECURE


@pytest.mark.parametrize("option", ["--tls-cert", "--tls-key", "--client-ca"])
def test_no_variable_switches_off_the_tls_that_an_option_asks_for(option: str) -> None:
    with pytest.raises(ConfigurationError, match=f"CHAINCODE_TLS_DISABLED switches TLS off, {option} asks"):
        settings(option, "a.pem", **OURS | {"CHAINCODE_TLS_DISABLED": "true"})
    with pytest.raises(
        ConfigurationError, match=f"--insecure switches TLS off, {option} asks for it; remove"
    ):
        settings("--insecure", option, "a.pem", **OURS)
    assert settings(option, "a.pem", **OURS | {"CHAINCODE_TLS_DISABLED": "false"}).tls is not INSECURE


def test_the_contradiction_ends_the_command_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAINCODE_TLS_DISABLED", "true")
    assert main(["start", "anything", "--client-ca", "ca.pem"]) == 2
    assert "CHAINCODE_TLS_DISABLED switches TLS off, --client-ca asks for it" in capsys.readouterr().err


SECURITY = (
    *("CHAINCODE_TLS_CERT_FILE", "CHAINCODE_TLS_KEY_FILE", "CHAINCODE_CLIENT_CA_FILE"),
    *("CHAINCODE_OPERATIONS_TLS_CERT_FILE", "CHAINCODE_OPERATIONS_TLS_KEY_FILE"),
    "CHAINCODE_OPERATIONS_CLIENT_CA_FILE",
)
OPERATIONS = {
    "CHAINCODE_OPERATIONS_ADDRESS": ":9443",
    "CHAINCODE_OPERATIONS_TLS_CERT_FILE": "o.crt",
    "CHAINCODE_OPERATIONS_TLS_KEY_FILE": "o.key",
    "CHAINCODE_OPERATIONS_CLIENT_CA_FILE": "o-ca.crt",
}


@pytest.mark.parametrize("name", SECURITY)
@pytest.mark.parametrize("empty", ["", "  "])
def test_a_security_variable_that_is_set_but_empty_is_refused(name: str, empty: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is set but empty; give it a file"):
        settings(**GO_SAMPLES | NODE | OPERATIONS | {name: empty})


def test_an_empty_security_option_is_refused_too() -> None:
    with pytest.raises(ConfigurationError, match="--client-ca is set but empty"):
        settings("--client-ca", "", **OURS)
    with pytest.raises(ConfigurationError, match="--operations-client-ca is set but empty"):
        settings("--operations-client-ca", "", **OURS | OPERATIONS)


def test_empty_variables_that_are_not_needed_are_left_alone() -> None:
    told = settings(
        **OURS
        | {"CHAINCODE_CLIENT_CA_CERT": "", "CHAINCODE_GRACE": "", "CHAINCODE_OPERATIONS_TLS_KEY_FILE": ""}
    )
    assert (told.tls, told.grace, told.operations) == (settings(**OURS).tls, 30.0, None)
    assert settings("--insecure", **OURS | {"CHAINCODE_TLS_KEY_FILE": ""}).tls is INSECURE


def test_all_other_settings() -> None:
    told = settings(
        *("--operations-address", "localhost:9443", "--operations-tls-cert", "o.crt"),
        *("--operations-tls-key", "o.key", "--operations-client-ca", "o-ca.crt"),
        *("--grace", "2.5", "--max-transactions", "7", "--worker-threads", "3"),
        *("--log-level", "debug", "--log-format", "json", "--tracing"),
        **OURS,
    )
    assert told.operations is not None
    assert told.operations.address == Address("localhost", 9443)
    assert told.operations.tls == OperationsTls(Path("o.crt"), Path("o.key"), Path("o-ca.crt"))
    assert (told.grace, told.limits.running, told.limits.worker_threads) == (2.5, 7, 3)
    assert (told.log_level, told.log_format, told.tracing) == ("DEBUG", "json", True)


def test_operations_may_go_without_tls() -> None:
    told = settings(**OURS | {"CHAINCODE_OPERATIONS_ADDRESS": ":9443"})
    assert told.operations is not None
    assert (told.operations.address.host, told.operations.tls) == ("", None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"CHAINCODE_SERVER_ADDRESS": "localhost"}, "CHAINCODE_SERVER_ADDRESS: An address must be host:port"),
        ({"CHAINCODE_SERVER_ADDRESS": "localhost:http"}, "CHAINCODE_SERVER_ADDRESS: An address must be"),
        ({"CHAINCODE_SERVER_ADDRESS": "localhost:65536"}, "CHAINCODE_SERVER_ADDRESS: An address must be"),
        ({"CHAINCODE_SERVER_ADDRESS": "::1:9999"}, "CHAINCODE_SERVER_ADDRESS: An address must be"),
        ({"CHAINCODE_TLS_DISABLED": "perhaps"}, "CHAINCODE_TLS_DISABLED: it must be true or false"),
        ({"CHAINCODE_GRACE": "soon"}, "CHAINCODE_GRACE: it must be a number of seconds"),
        ({"CHAINCODE_GRACE": "-1"}, "CHAINCODE_GRACE: it must be a number of seconds"),
        ({"CHAINCODE_GRACE": "inf"}, "CHAINCODE_GRACE: it must be a number of seconds"),
        ({"CHAINCODE_MAX_TRANSACTIONS": "0"}, "CHAINCODE_MAX_TRANSACTIONS: it must be a whole number"),
        ({"CHAINCODE_WORKER_THREADS": "many"}, "CHAINCODE_WORKER_THREADS: it must be a whole number"),
        ({"CHAINCODE_LOG_LEVEL": "LOUD"}, "CHAINCODE_LOG_LEVEL: it must be one of DEBUG"),
        ({"CHAINCODE_LOG_FORMAT": "xml"}, "CHAINCODE_LOG_FORMAT: it must be text or json"),
        (
            {"CHAINCODE_OPERATIONS_ADDRESS": ":1", "CHAINCODE_OPERATIONS_TLS_KEY_FILE": "x"},
            r"Missing: --operations-tls-cert",
        ),
        ({"GRPC_TRACE": "all"}, "GRPC_TRACE writes the messages themselves"),
    ],
)
def test_wrong_settings_are_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        settings(**OURS | changed)


@pytest.mark.parametrize(
    ("text", "host", "shown"),
    [
        ("localhost:80", "localhost", "localhost:80"),
        ("[::1]:80", "::1", "[::1]:80"),
        (":80", "", "[::]:80"),
        ("0.0.0.0:80", "0.0.0.0", "0.0.0.0:80"),
    ],
)
def test_addresses(text: str, host: str, shown: str) -> None:
    address = Address.parse(text)
    assert (address.host, address.port, str(address)) == (host, 80, shown)


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


def test_tracing_without_opentelemetry_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fabric_shim.tracing", None)
    told = settings("--insecure", "--tracing", "--chaincode-id", "x", "--address", "127.0.0.1:0")
    assert launch.run(Chaincode(), told) == 1
    assert "carechannel-chaincode[telemetry]" in capsys.readouterr().err


class Served:
    """In the place of the server: a real one binds gRPC to the event loop that launch makes and closes."""

    last: Served

    def __init__(
        self, chaincode: Chaincode, chaincode_id: str, address: str, tls: object, **others: object
    ) -> None:
        Served.last = self
        self.told = (chaincode_id, address, tls)
        self.observer = others["observer"]
        self.loop = ""
        self.health = b""

    def unhealthy(self) -> str | None:
        return "not listening yet"

    async def serve_forever(self, grace: float) -> None:
        self.loop = type(asyncio.get_running_loop()).__module__
        if self.port:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")
            self.health = await reader.read()
            writer.close()

    port = 0


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> type[Served]:
    monkeypatch.setattr(launch, "ChaincodeServer", Served)
    return Served


OPTIONS_WITHOUT_TLS = ("--insecure", "--chaincode-id", "x:1", "--address", "127.0.0.1:0")


def test_everything_that_was_asked_for_is_started(
    served: type[Served], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    monkeypatch.setattr(served, "port", port)
    options = (*OPTIONS_WITHOUT_TLS, "--operations-address", f"127.0.0.1:{port}", "--tracing")
    assert serve(Chaincode(), options) == 0
    assert served.last.told == ("x:1", "127.0.0.1:0", INSECURE)
    assert served.last.health.startswith(b"HTTP/1.1 503 ")
    assert f"Serving /healthz and /metrics on port {port}" in capsys.readouterr().err


def test_the_start_command_works_without_any_extra(
    served: type[Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "launch_started.py").write_text("from fabric_shim import Chaincode\nserved = Chaincode()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert main(["start", "launch_started", *OPTIONS_WITHOUT_TLS]) == 0
    assert served.last.loop.startswith("asyncio")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_serves_until_the_signal(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server = ChaincodeServer(Chaincode(), "x:1", "127.0.0.1:0", INSECURE)
    serving = asyncio.create_task(server.serve_forever(grace=0))
    async with asyncio.timeout(10):
        while server.unhealthy():  # noqa: ASYNC110 - a server has no event for it
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), number)
        await serving
    assert "TLS is off" in caplog.text
    assert "Stopped" in caplog.text


async def test_a_server_knows_whether_it_serves() -> None:
    with pytest.raises(ConfigurationError, match="chaincode id is empty"):
        ChaincodeServer(Chaincode(), "", "127.0.0.1:0", INSECURE)
    server = ChaincodeServer(Chaincode(), "x:1", "127.0.0.1:0", INSECURE)
    assert server.unhealthy() == "not listening yet"
    port = await server.start()
    assert server.unhealthy() is None
    with pytest.raises(ConfigurationError, match=f"Cannot serve on 127.0.0.1:{port}"):
        await ChaincodeServer(Chaincode(), "x:1", f"127.0.0.1:{port}", INSECURE).start()
    await server.stop(grace=0)
    assert server.unhealthy() == "stopping"
