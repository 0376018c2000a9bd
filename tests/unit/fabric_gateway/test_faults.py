"""Peers that go down, answers that are none, calls that are cut: an exact error, a known state, no leak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
import pytest
from fabric_gateway import (
    ClosedError,
    CommitStatusError,
    Connection,
    ConnectionOptionsError,
    Contract,
    EndorseError,
    EvaluateError,
    FabricGatewayError,
    Gateway,
    GatewayError,
    Identity,
    ResponseError,
    StatusCode,
    SubmitError,
    connect,
    signers,
)

from tests.unit.fabric_gateway.fake_gateway import Context, FakeGateway, fail, serving, serving_raw
from tests.unit.fabric_gateway.leaks import nothing_leaks
from tests.unit.fabric_gateway.people import Credentials, self_signed
from tests.waiting import eventually

NOT_A_MESSAGE = b"\xff\xff\xff"


@dataclass(frozen=True)
class Step:
    """One step of the flow: its script in the fake, its error, and what is then known of the transaction."""

    script: str
    error: type[GatewayError]
    outcome_unknown: bool
    evaluates: bool = False

    async def run(self, contract: Contract) -> bytes:
        if self.evaluates:
            return await contract.evaluate_transaction("Read")
        return await contract.submit_transaction("Create")

    def reached(self, fake: FakeGateway) -> int:
        """How many requests of this step have arrived."""
        requests = {
            "on_evaluate": fake.evaluated,
            "on_endorse": fake.endorsed,
            "on_submit": fake.submitted,
            "on_commit_status": fake.asked,
        }
        return len(requests[self.script])


EVALUATE = Step("on_evaluate", EvaluateError, outcome_unknown=False, evaluates=True)
ENDORSE = Step("on_endorse", EndorseError, outcome_unknown=False)
SUBMIT = Step("on_submit", SubmitError, outcome_unknown=True)
COMMIT_STATUS = Step("on_commit_status", CommitStatusError, outcome_unknown=True)
STEPS = [EVALUATE, ENDORSE, SUBMIT, COMMIT_STATUS]
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.script)


class Halt:
    """A script that stops the step until the call is over, and tells when that is."""

    def __init__(self, fake: FakeGateway, step: Step) -> None:
        self.reached, self.over = asyncio.Event(), asyncio.Event()
        setattr(fake, step.script, self._stop)

    async def _stop(self, _context: Context) -> None:
        self.reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.over.set()


Open = Callable[..., Awaitable[Gateway]]


@pytest.fixture
def at(identity: Identity, credentials: Credentials) -> Open:
    async def open_at(port: int, **options: object) -> Gateway:
        return await connect(
            address=f"127.0.0.1:{port}",
            identity=identity,
            signer=signers.ecdsa(credentials.key_pem),
            **options,  # type: ignore[arg-type]
        )

    return open_at


@asynccontextmanager
async def contract_at(at: Open, port: int) -> AsyncIterator[Contract]:
    async with await at(port) as gateway:
        yield gateway.network("channel1").contract("basic")


def check(error: FabricGatewayError, step: Step, fake: FakeGateway) -> None:
    assert type(error) is step.error
    assert isinstance(error, GatewayError)
    assert error.outcome_unknown is step.outcome_unknown
    if step.reached(fake):
        sent = fake.evaluated or fake.endorsed
        assert error.transaction_id == sent[0].transaction_id
    assert error.transaction_id


@each_step
async def test_the_peer_goes_down_during_a_step(step: Step, at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks():
        server = serving(fake)
        port = await server.__aenter__()
        async with contract_at(at, port) as contract:
            halt = Halt(fake, step)
            call = asyncio.create_task(step.run(contract))
            await halt.reached.wait()
            await server.__aexit__(None, None, None)
            with pytest.raises(GatewayError) as raised:
                await call
    check(raised.value, step, fake)
    assert raised.value.code in {StatusCode.UNAVAILABLE, StatusCode.CANCELLED, StatusCode.UNKNOWN}


@each_step
async def test_the_peer_is_down_before_a_step(step: Step, at: Open, fake: FakeGateway) -> None:
    """The step before answers, and then nothing listens any more."""
    async with nothing_leaks():
        server = serving(fake)
        port = await server.__aenter__()
        async with contract_at(at, port) as contract:
            down = asyncio.create_task(server.__aexit__(None, None, None)) if step.evaluates else None
            if down:
                await down
                with pytest.raises(GatewayError) as raised:
                    await step.run(contract)
            else:
                proposal = contract.new_proposal("Create")
                transaction = await proposal.endorse() if step is not ENDORSE else None
                submitted = await transaction.submit() if transaction and step is COMMIT_STATUS else None
                await server.__aexit__(None, None, None)
                with pytest.raises(GatewayError) as raised:
                    await (
                        submitted.status()
                        if submitted
                        else transaction.submit()
                        if transaction
                        else proposal.endorse()
                    )
    check(raised.value, step, fake)
    assert raised.value.code is StatusCode.UNAVAILABLE
    assert raised.value.transient


async def test_a_peer_that_comes_back_is_found_again(at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks():
        async with serving(fake) as port:
            gateway = await at(port)
            contract = gateway.network("channel1").contract("basic")
            assert await contract.evaluate_transaction("Read") == b"result"
        with pytest.raises(EvaluateError):
            await contract.evaluate_transaction("Read")
        async with serving(fake, port), asyncio.timeout(20):
            while True:
                try:
                    assert await contract.evaluate_transaction("Read") == b"result"
                    break
                except EvaluateError as error:
                    assert error.code is StatusCode.UNAVAILABLE
                    await asyncio.sleep(0.05)
        await gateway.aclose()


@each_step
async def test_a_cancelled_task_ends_its_step(step: Step, at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks(), serving(fake) as port, contract_at(at, port) as contract:
        halt = Halt(fake, step)
        call = asyncio.create_task(step.run(contract))
        await halt.reached.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await call
        # The peer is told, so it does not work for nobody.
        async with asyncio.timeout(5):
            await halt.over.wait()
        notes = getattr(raised.value, "__notes__", [])
        if step is SUBMIT:
            assert notes == [f"the outcome of transaction {fake.submitted[0].transaction_id} is unknown"]
        assert await contract.new_proposal("Read").endorse(timeout=5) if step is not ENDORSE else True


@each_step
async def test_a_limit_of_the_callers_own_ends_a_step(step: Step, at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks(), serving(fake) as port, contract_at(at, port) as contract:
        Halt(fake, step)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await step.run(contract)


@each_step
async def test_each_step_takes_a_limit_of_its_own(step: Step, at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks(), serving(fake) as port, contract_at(at, port) as contract:
        proposal = contract.new_proposal("Create")
        transaction = await proposal.endorse()
        submitted = await transaction.submit()
        halted = {
            "on_evaluate": proposal.evaluate,
            "on_endorse": proposal.endorse,
            "on_submit": transaction.submit,
            "on_commit_status": submitted.status,
        }
        Halt(fake, step)
        with pytest.raises(step.error, match=r"within 0\.15 s") as raised:
            await halted[step.script](timeout=0.15)
    assert raised.value.code is StatusCode.DEADLINE_EXCEEDED
    assert raised.value.outcome_unknown is step.outcome_unknown


async def test_evaluate_takes_a_limit(at: Open, fake: FakeGateway) -> None:
    async with serving(fake) as port, contract_at(at, port) as contract:
        Halt(fake, EVALUATE)
        with pytest.raises(EvaluateError, match=r"within 0\.1 s"):
            await contract.evaluate("Read", timeout=0.1)


@each_step
async def test_closing_during_a_step(step: Step, at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks(), serving(fake) as port:
        gateway = await at(port)
        halt = Halt(fake, step)
        call = asyncio.create_task(step.run(gateway.network("channel1").contract("basic")))
        await halt.reached.wait()
        await gateway.aclose()
        with pytest.raises(GatewayError, match=f"was closed during {step.error.step}") as raised:
            await call
        check(raised.value, step, fake)
        assert raised.value.code is StatusCode.CANCELLED
        assert gateway.closed


@pytest.mark.parametrize("answer", [NOT_A_MESSAGE, b"\x0a\x02\xff\xff"])
@pytest.mark.parametrize(
    ("method", "what", "unknown"),
    [
        ("Evaluate", "evaluate response", False),
        ("Endorse", "endorse response|endorsed transaction", False),
        ("CommitStatus", "commit status", True),
    ],
)
async def test_an_answer_that_is_none(
    *, method: str, what: str, unknown: bool, answer: bytes, at: Open, fake: FakeGateway
) -> None:
    if (method, answer) == ("CommitStatus", b"\x0a\x02\xff\xff"):
        answer = b"\x08"
    async with (
        nothing_leaks(),
        serving_raw(fake, {method: answer}) as port,
        contract_at(at, port) as contract,
    ):
        with pytest.raises(ResponseError, match=f"holds no ({what})") as raised:
            await (
                contract.evaluate_transaction("Read")
                if method == "Evaluate"
                else contract.submit_transaction("Create")
            )
    assert raised.value.transaction_id == (fake.evaluated or fake.endorsed)[0].transaction_id
    assert raised.value.outcome_unknown is unknown
    assert len(fake.submitted) == unknown


async def test_what_submit_answers_does_not_matter(at: Open, fake: FakeGateway) -> None:
    """It has no content: that it came says all."""
    async with serving_raw(fake, {"Submit": NOT_A_MESSAGE}) as port, contract_at(at, port) as contract:
        assert await contract.submit_transaction("Create") == b"result"


async def test_five_megabytes_go_both_ways(at: Open, fake: FakeGateway) -> None:
    payload = bytes(range(256)) * (5 * 1024 * 4)
    fake.result = payload
    async with nothing_leaks(), serving(fake) as port, contract_at(at, port) as contract:
        result = await contract.submit("Create", arguments=[payload], transient={"a": payload})
        assert result == payload
    assert payload in fake.endorsed[0].proposed_transaction.proposal_bytes


async def test_more_than_the_peer_takes_is_refused_with_its_reason(at: Open, fake: FakeGateway) -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 1024 * 1024)])
    from fabric_protos.gateway import gateway_pb2_grpc

    gateway_pb2_grpc.add_GatewayServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with contract_at(at, port) as contract:
            with pytest.raises(EndorseError, match="larger than max") as raised:
                await contract.submit_transaction("Create", b"x" * 2_000_000)
    finally:
        await server.stop(None)
    assert raised.value.code is StatusCode.RESOURCE_EXHAUSTED
    assert not raised.value.outcome_unknown


async def test_two_thousand_at_once(at: Open, fake: FakeGateway) -> None:
    async with nothing_leaks(), serving(fake) as port, contract_at(at, port) as contract:
        calls = (contract.submit_transaction("Create", str(number)) for number in range(2000))
        results = await asyncio.gather(*calls)
        assert results == [b"result"] * 2000
        assert len({request.transaction_id for request in fake.submitted}) == 2000


async def test_two_thousand_at_once_at_a_peer_that_dies(at: Open, fake: FakeGateway) -> None:
    halt = Halt(fake, SUBMIT)
    async with nothing_leaks():
        server = serving(fake)
        port = await server.__aenter__()
        async with contract_at(at, port) as contract:
            calls = [asyncio.create_task(contract.submit_transaction("Create", str(n))) for n in range(2000)]
            await halt.reached.wait()
            await server.__aexit__(None, None, None)
            results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} <= {EndorseError, SubmitError}
    assert any(isinstance(result, SubmitError) for result in results)
    assert all(r.transaction_id for r in results if isinstance(r, GatewayError))


async def test_gateways_share_a_connection_and_close_alone(
    fake: FakeGateway, credentials: Credentials
) -> None:
    async with nothing_leaks(), serving(fake) as port, Connection(f"127.0.0.1:{port}") as connection:
        assert connection.address == f"127.0.0.1:{port}"
        one, other = [
            await connect(
                connection=connection,
                identity=Identity(msp_id, credentials.certificate_pem),
                signer=signers.ecdsa(credentials.key_pem),
            )
            for msp_id in ("Org1MSP", "Org2MSP")
        ]
        halt = Halt(fake, EVALUATE)
        calls = [
            asyncio.create_task(g.network("channel1").contract("basic").evaluate_transaction("Read"))
            for g in (one, other)
        ]
        await eventually(lambda: len(fake.evaluated) == 2)
        await one.aclose()
        with pytest.raises(EvaluateError, match="was closed during evaluate"):
            await calls[0]
        assert not calls[1].done()
        assert (one.closed, other.closed, connection.closed) == (True, False, False)
        with pytest.raises(ClosedError):
            await one.network("channel1").contract("basic").evaluate_transaction("Read")
        await connection.aclose()
        with pytest.raises(EvaluateError, match="was closed during evaluate"):
            await calls[1]
        assert (other.closed, connection.closed) == (True, True)
        await eventually(halt.over.is_set)
        with pytest.raises(ClosedError, match="closed"):
            await connect(
                connection=connection,
                identity=one.identity,
                signer=signers.ecdsa(credentials.key_pem),
            )
        await other.aclose()


async def test_a_connection_excludes_the_options_of_its_making(identity: Identity) -> None:
    async with Connection("127.0.0.1:1") as connection:
        for options in ({"address": "127.0.0.1:1"}, {"tls_root_pem": b"x"}, {"server_name": "x"}):
            with pytest.raises(ConnectionOptionsError, match="give either"):
                await connect(connection=connection, identity=identity, **options)  # type: ignore[arg-type]
    with pytest.raises(ConnectionOptionsError, match="give an address or a connection"):
        await connect(identity=identity)


async def test_a_hash_of_another_certificate_is_sent_on(
    at: Open, fake: FakeGateway, identity: Identity
) -> None:
    async with serving(fake) as port, await at(port, tls_client_certificate_hash=b"h" * 32) as gateway:
        await gateway.network("channel1").contract("basic").evaluate_transaction("Read")
    assert b"h" * 32 in fake.evaluated[0].proposed_transaction.proposal_bytes
    with pytest.raises(ConnectionOptionsError, match="SHA-256 digest of 32 bytes"):
        await connect(address="127.0.0.1:1", identity=identity, tls_client_certificate_hash=b"short")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            "request unauthorized due to incorrect timestamp 2026, peer time 2025",
            "denied for its time; this machine's clock",
        ),
        ("proposal client identity expired", "certificate has expired; enrol again"),
    ],
)
async def test_a_peer_that_refuses_the_time(reason: str, sentence: str, at: Open, fake: FakeGateway) -> None:
    async def refuse(context: Context) -> None:
        text = "failed to endorse transaction, see attached details for more info"
        await fail(context, grpc.StatusCode.ABORTED, text, ("peer0:7051", "Org1MSP", reason))

    fake.on_endorse = refuse
    async with serving(fake) as port, contract_at(at, port) as contract:
        with pytest.raises(EndorseError, match=sentence):
            await contract.submit_transaction("Create")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tls_root_pem": b"no pem"}, "server CA holds no readable"),
        ({"client_key_pem": self_signed("other").key_pem}, "do not fit together"),
        ({"client_key_pem": b"no pem"}, "TLS key is no readable"),
        ({"client_certificate_pem": b"no pem"}, "TLS certificate is no readable"),
        ({"client_certificate_pem": None}, "belong together"),
    ],
)
async def test_unusable_tls_options_are_refused_at_once(
    options: dict[str, bytes | None], sentence: str
) -> None:
    client = self_signed("client")
    good: dict[str, bytes | None] = {
        "tls_root_pem": client.certificate_pem,
        "client_certificate_pem": client.certificate_pem,
        "client_key_pem": client.key_pem,
    }
    async with nothing_leaks():
        with pytest.raises(ConnectionOptionsError, match=sentence):
            Connection("peer0.example:7051", **(good | options))  # type: ignore[arg-type]
