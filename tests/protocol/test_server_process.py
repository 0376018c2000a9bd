"""A chaincode process from outside: operations listener, logs, and how it ends when it cannot serve."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from fabric_protos.peer import chaincode_shim_pb2 as shim

from tests.protocol.chaincode_process import READER, environment, running
from tests.protocol.conftest import CHAINCODE_ID, Tls
from tests.protocol.mock_peer import ChaincodeMessage, dial
from tests.protocol.test_server_operations import ask

SECRET = "Jane-Doe-HIV-positive"

LEAKY = """
import asyncio, logging, sys, threading, warnings
from fabric_shim import Chaincode, ChaincodeError, Response, serve

log = logging.getLogger("contract")

class Sick:
    def __init__(self, name):
        self.name = name
    def __repr__(self):
        return f"Sick({self.name})"

class Leaky(Chaincode):
    async def invoke(self, stub):
        function, secret = stub.get_string_args()
        transient = stub.get_transient()["secret"].decode()
        log.info("patient %s", secret)
        log.debug(f"patient {transient}")
        log.info(Sick(secret))
        log.error("patient", extra={"call": secret}, stack_info=True)
        log.info("%d patients", secret)
        warnings.warn(secret)
        if function == "log_exception":
            try:
                raise ValueError(Sick(secret))
            except ValueError:
                log.exception("caught %s", secret)
        if function == "thread":
            thread = threading.Thread(target=self.fail, args=(secret,))
            thread.start()
            thread.join()
        if function == "forgotten":
            self.later(secret)
        if function == "refuse":
            raise ChaincodeError(secret, code=secret)
        if function == "key":
            await stub.get_state(secret)
        if function == "crash":
            raise ValueError(Sick(secret), transient)
        if function == "chained":
            try:
                {}[secret]
            except KeyError as error:
                raise RuntimeError(secret) from error
        if function == "nonsense":
            return Sick(secret)
        if function == "exit":
            sys.exit(secret)
        return Response.success(secret.encode())

    async def later(self, secret):
        pass

    def fail(self, secret):
        raise ValueError(secret)

sys.exit(serve(Leaky()))
"""
FUNCTIONS = (
    *("log_exception", "thread", "forgotten", "refuse", "key"),
    *("crash", "chained", "nonsense", "exit", "fine"),
)


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_nothing_that_is_printed_carries_data(tls: Tls, log_format: str) -> None:
    settings = environment(
        tls,
        CHAINCODE_LOG_LEVEL="DEBUG",
        CHAINCODE_LOG_FORMAT=log_format,
        CHAINCODE_OPERATIONS_ADDRESS="127.0.0.1:0",
        PYTHONASYNCIODEBUG="1",
        PYTHONWARNINGS="always",
        PYTHONDEVMODE="1",
        GRPC_VERBOSITY="DEBUG",
    )
    async with running(LEAKY, settings) as process:
        async with dial(await process.port(), tls.server_ca, tls.peer) as peer:
            await peer.register()
            for function in FUNCTIONS:
                tx = await peer.begin(function, SECRET, transient={"secret": SECRET.encode()})
                if function == "key":
                    await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key=SECRET))
                    await tx.answer_error(f"no {SECRET}")
                message = await peer.receive()
                assert message.txid == tx.tx_id
                if function in ("crash", "chained", "key", "exit"):
                    assert SECRET.encode() not in message.payload
            metrics = await ask(await process.port("/metrics"), "GET /metrics")
        process.signal(signal.SIGTERM)
        assert await process.ended() == 0
    assert SECRET not in process.output
    assert "Jane" not in process.output
    assert SECRET.encode() not in metrics.body
    assert "ValueError" in process.output
    assert "KeyError" in process.output or "RuntimeError" in process.output
    assert process.output.count("patient %s") == len(FUNCTIONS)
    if log_format == "json":
        ours = [line for line in process.output.splitlines() if line.startswith("{")]
        assert len(ours) > len(FUNCTIONS)
        assert all(json.loads(line)["level"] for line in ours)


async def test_health_and_metrics_of_a_served_chaincode(tls: Tls) -> None:
    settings = environment(tls, CHAINCODE_OPERATIONS_ADDRESS="127.0.0.1:0")
    async with running(READER, settings) as process:
        port, operations = await process.port(), await process.port("/metrics")
        assert (await ask(operations, "GET /healthz")).status == 200
        async with dial(port, tls.server_ca, tls.peer) as peer:
            await peer.register()
            tx = await peer.begin("f")
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            during = (await ask(operations, "GET /metrics")).body
            assert b"fabric_shim_streams 1.0" in during
            assert b"fabric_shim_transactions_in_flight 1.0" in during
            process.signal(signal.SIGTERM)
            await process.printed("Stopping: waiting")
            stopping = await ask(operations, "GET /healthz")
            assert (stopping.status, json.loads(stopping.body)["failed_checks"][0]["reason"]) == (
                503,
                "stopping",
            )
            await tx.answer(b"v")
            await tx.completed()
        assert await process.ended() == 0


async def test_metrics_count_what_was_answered(tls: Tls) -> None:
    settings = environment(tls, CHAINCODE_OPERATIONS_ADDRESS="127.0.0.1:0")
    async with (
        running(READER, settings) as process,
        dial(await process.port(), tls.server_ca, tls.peer) as peer,
    ):
        await peer.register()
        for _ in range(3):
            tx = await peer.begin("any", "argument")
            await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
            await tx.answer(b"v")
            await tx.completed()
        tx = await peer.begin("any", "argument")
        await tx.expect(ChaincodeMessage.GET_STATE, shim.GetState(key="k"))
        await tx.answer_error("refused by the ledger")
        await tx.completed()
        metrics = (await ask(await process.port("/metrics"), "GET /metrics")).body.decode()
    assert 'fabric_shim_transactions_total{function="invoke",outcome="endorsed"} 3.0' in metrics
    assert 'fabric_shim_transactions_total{function="invoke",outcome="failed"} 1.0' in metrics
    assert 'fabric_shim_transaction_messages_sum{function="invoke"} 16.0' in metrics
    assert 'fabric_shim_transaction_duration_seconds_count{function="invoke"} 4.0' in metrics
    assert "argument" not in metrics


TRACED = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
"""


async def test_spans_carry_no_data(tls: Tls) -> None:
    async with (
        running(TRACED + LEAKY, environment(tls, CHAINCODE_TRACING="true")) as process,
        dial(await process.port(), tls.server_ca, tls.peer) as peer,
    ):
        await peer.register()
        for function in ("fine", "crash"):
            tx = await peer.begin(function, SECRET, transient={"secret": SECRET.encode()})
            await peer.receive()
            await process.printed(f'"fabric.tx_id": "{tx.tx_id}"')
        await process.printed('"fabric.outcome": "failed"')
    assert '"fabric.outcome": "endorsed"' in process.output
    assert '"name": "invoke"' in process.output
    assert SECRET not in process.output


async def test_the_start_command_serves_a_module(tls: Tls, tmp_path: Path) -> None:
    (tmp_path / "readers.py").write_text(READER.partition("sys.exit")[0])
    program = "import sys; from fabric_shim.cli import main; sys.exit(main(['start', 'readers']))"
    settings = environment(tls, PYTHONPATH=str(tmp_path))
    async with running(program, settings) as process:
        async with dial(await process.port(), tls.server_ca, tls.peer) as peer:
            assert await peer.register() == CHAINCODE_ID
        process.signal(signal.SIGINT)
        assert await process.ended() == 0


async def test_an_address_that_is_taken_is_named(tls: Tls) -> None:
    async with running(READER, environment(tls)) as first:
        port = await first.port()
        settings = environment(tls, CHAINCODE_SERVER_ADDRESS=f"127.0.0.1:{port}")
        async with running(READER, settings) as second:
            assert await second.ended() == 1
            assert f"Error: Cannot serve on 127.0.0.1:{port}" in second.output
            assert "Traceback" not in second.output


async def test_without_tls_only_when_said_and_with_a_warning(tls: Tls) -> None:
    settings = environment(tls, CHAINCODE_TLS_DISABLED="true")
    async with running(READER, settings) as process:
        port = await process.port()
        assert "WARNING fabric_shim.server TLS is off" in process.output
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        async with asyncio.timeout(5):
            header = await reader.readexactly(9)
        writer.close()
        settings_frame = 4
        assert header[3] == settings_frame


async def test_a_key_that_everybody_reads_is_warned_of(tls: Tls, tmp_path: Path) -> None:
    exposed = tmp_path / "exposed.key"
    exposed.write_bytes(tls.config.key.read_bytes())
    exposed.chmod(0o644)
    async with running(READER, environment(tls, CHAINCODE_TLS_KEY_FILE=str(exposed))) as process:
        await process.port()
        assert f"WARNING fabric_shim.tls The TLS key {exposed} can be read by everybody" in process.output
    exposed.chmod(0o640)
    async with running(READER, environment(tls, CHAINCODE_TLS_KEY_FILE=str(exposed))) as process:
        await process.port()
        assert "can be read by everybody" not in process.output
