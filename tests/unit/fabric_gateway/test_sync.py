"""The blocking client: the same classes and parameters, one implementation, and how its threads end."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import inspect
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import fabric_gateway
import pytest
from fabric_gateway import (
    Checkpoint,
    ClosedError,
    ConnectionOptionsError,
    EvaluateError,
    Identity,
    IdentityError,
    SubmitError,
    SyncError,
    signers,
    sync,
)
from fabric_gateway.sync._loop import Loop
from fabric_protos.gateway import gateway_pb2
from fabric_protos.peer import chaincode_event_pb2

from tests.unit.fabric_gateway.fake_gateway import Context, FakeGateway, serving
from tests.unit.fabric_gateway.leaks import nothing_leaks
from tests.unit.fabric_gateway.people import Credentials, self_signed

T = TypeVar("T")
TWINS = sorted(
    name for name in sync.__all__ if inspect.isclass(getattr(sync, name)) and name != "BlockingSigner"
)
# What blocking code calls otherwise.
RENAMED = {
    "aclose": "close",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}
# How the library makes its own objects; callers do not.
MADE_INSIDE = {"new", "from_bytes"}


def public(of: type) -> dict[str, object]:
    found = {}
    for name in dir(of):
        inside = name in MADE_INSIDE and not isinstance(inspect.getattr_static(of, name), property)
        if (name.startswith("_") and name not in RENAMED) or inside:
            continue
        found[name] = inspect.getattr_static(of, name)
    return found


@pytest.mark.parametrize("name", TWINS)
def test_every_method_and_property_has_its_twin(name: str) -> None:
    ours, theirs = getattr(sync, name), getattr(fabric_gateway, name)
    for member, original in public(theirs).items():
        twin = inspect.getattr_static(ours, RENAMED.get(member, member), None)
        assert twin is not None, f"{name}.{member} has no blocking twin"
        assert isinstance(twin, property) is isinstance(original, property)
        if isinstance(original, property) or not callable(original):
            continue
        assert callable(twin)
        assert not inspect.iscoroutinefunction(twin)
        mine, asked = inspect.signature(twin), inspect.signature(original)
        assert [(p.name, p.kind, p.default) for p in mine.parameters.values()] == [
            (p.name, p.kind, p.default) for p in asked.parameters.values()
        ], f"{name}.{member}"
        for parameter in asked.parameters.values():
            assert mine.parameters[parameter.name].annotation == parameter.annotation


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_links_to_its_documentation(name: str) -> None:
    ours = getattr(sync, name)
    assert f":class:`fabric_gateway.{name}`" in (ours.__doc__ or "")
    for member, found in public(ours).items():
        if member in RENAMED.values() or member.startswith("__"):
            continue
        documented = inspect.getdoc(found) or ""
        assert ":meth:`fabric_gateway." in documented or ":attr:`fabric_gateway." in documented, member


@pytest.mark.parametrize("name", TWINS)
def test_no_blocking_method_is_without_original(name: str) -> None:
    originals = {RENAMED.get(member, member) for member in public(getattr(fabric_gateway, name))}
    assert {m for m in public(getattr(sync, name)) if not m.startswith("__")} <= originals


def test_every_class_of_the_flow_has_a_twin() -> None:
    """A class with a coroutine in it that callers use cannot be without one."""
    values_and_services = {"CheckpointerBase", "Checkpointer", "FileCheckpointer", "InMemoryCheckpointer"}
    for name in fabric_gateway.__all__:
        found = getattr(fabric_gateway, name)
        if not inspect.isclass(found) or name in values_and_services:
            continue
        if any(inspect.iscoroutinefunction(m) for m in public(found).values()):
            assert name in TWINS, name


def test_connect_takes_the_same_options() -> None:
    mine, asked = inspect.signature(sync.connect), inspect.signature(fabric_gateway.connect)
    assert [(p.name, p.kind, p.default) for p in mine.parameters.values()] == [
        (p.name, p.kind, p.default) for p in asked.parameters.values()
    ]
    assert "fabric_gateway.connect" in (sync.connect.__doc__ or "")
    mine, asked = inspect.signature(sync.Connection), inspect.signature(fabric_gateway.Connection)
    assert mine.parameters == asked.parameters


async def elsewhere(work: Callable[[], T]) -> T:
    """The fake gateway runs on this thread's loop, so what waits for it has to be on another."""
    thread = ThreadPoolExecutor(1)
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    finally:
        thread.shutdown(wait=False)


@pytest.fixture
async def port(fake: FakeGateway) -> AsyncIterator[int]:
    async with serving(fake) as bound:
        yield bound


@pytest.fixture
def dial(port: int, identity: Identity, credentials: Credentials) -> Callable[[], sync.Gateway]:
    return lambda: sync.connect(
        address=f"127.0.0.1:{port}", identity=identity, signer=signers.ecdsa(credentials.key_pem)
    )


async def test_the_whole_flow(dial: Callable[[], sync.Gateway], fake: FakeGateway) -> None:
    def use() -> None:
        with dial() as gateway:
            assert not gateway.closed
            assert gateway.identity.msp_id == "Org1MSP"
            network = gateway.network("channel1")
            contract = network.contract("basic", "assets")
            assert (network.channel, contract.chaincode, contract.name) == ("channel1", "basic", "assets")
            assert contract.evaluate_transaction("Read", "a") == b"result"
            assert contract.submit_transaction("Create", "a") == b"result"
            assert contract.evaluate("Read", arguments=["a"], timeout=5) == b"result"
            assert contract.submit("Create", transient={"a": b"b"}) == b"result"
            submitted = contract.submit_async("Create")
            assert (submitted.result, submitted.committed().successful) == (b"result", True)
            assert network.commit(submitted.transaction_id).status(timeout=5).block_number == 7
        assert gateway.closed
        with pytest.raises(ClosedError):
            contract.evaluate_transaction("Read")
        gateway.close()

    async with nothing_leaks():
        await elsewhere(use)
    assert len(fake.submitted) == 3


async def test_offline_signing(
    port: int, dial: Callable[[], sync.Gateway], identity: Identity, fake: FakeGateway
) -> None:
    def use() -> None:
        with dial() as signing, sync.connect(address=f"127.0.0.1:{port}", identity=identity) as keyless:
            proposal = keyless.network("channel1").contract("basic").new_proposal("Create")
            assert keyless.new_proposal(proposal.bytes).digest == proposal.digest
            assert hashlib.sha256(proposal.message).digest() == proposal.digest
            sent = signing.new_proposal(proposal.bytes)
            assert sent.evaluate() == b"result"
            transaction = keyless.new_proposal(sent.bytes).endorse()
            assert transaction.result == b"result"
            again = signing.new_transaction(transaction.bytes)
            submitted = again.submit()
            assert keyless.new_transaction(again.bytes).digest == transaction.digest
            commit = signing.new_commit(submitted.bytes)
            assert commit.status(timeout=5).successful
            assert keyless.new_commit(commit.bytes).committed().successful
            assert keyless.new_signed_proposal(proposal.bytes, b"s").transaction_id == proposal.transaction_id
            assert keyless.new_signed_transaction(transaction.bytes, b"s").transaction_id
            assert keyless.new_signed_commit(commit.bytes, b"s").transaction_id == proposal.transaction_id

    async with nothing_leaks():
        await elsewhere(use)


async def test_a_function_around_a_coroutine_signs(port: int, identity: Identity, fake: FakeGateway) -> None:
    async def sign(digest: bytes) -> bytes:
        return b"signature of " + digest

    def use() -> bytes:
        with sync.connect(
            address=f"127.0.0.1:{port}", identity=identity, signer=lambda digest: sign(bytes(digest))
        ) as gateway:
            return gateway.network("channel1").contract("basic").evaluate_transaction("Read")

    async with nothing_leaks():
        assert await elsewhere(use) == b"result"
    assert fake.evaluated[0].proposed_transaction.signature.startswith(b"signature of ")


async def test_an_ordinary_function_signs(port: int, identity: Identity, fake: FakeGateway) -> None:
    threads: set[int] = set()

    def sign(digest: bytes) -> bytes:
        threads.add(threading.get_ident())
        return b"signature of " + digest

    def use() -> bytes:
        with sync.connect(address=f"127.0.0.1:{port}", identity=identity, signer=sign) as gateway:
            return gateway.network("channel1").contract("basic").submit_transaction("Create")

    async with nothing_leaks():
        assert await elsewhere(use) == b"result"
    assert fake.endorsed[0].proposed_transaction.signature.startswith(b"signature of ")
    assert threading.main_thread().ident not in threads


async def test_many_threads_share_a_gateway(dial: Callable[[], sync.Gateway], fake: FakeGateway) -> None:
    def use() -> None:
        with dial() as gateway, ThreadPoolExecutor(16) as threads:
            contract = gateway.network("channel1").contract("basic")
            results = threads.map(lambda n: contract.submit_transaction("Create", str(n)), range(200))
            assert list(results) == [b"result"] * 200

    async with nothing_leaks():
        await elsewhere(use)
    assert len(fake.submitted) == 200


async def test_gateways_share_a_connection(port: int, identity: Identity, credentials: Credentials) -> None:
    def use() -> None:
        before = threading.active_count()
        with sync.Connection(f"127.0.0.1:{port}") as connection:
            assert connection.address == f"127.0.0.1:{port}"
            assert connection.tls_client_certificate_hash == b""
            signer = signers.ecdsa(credentials.key_pem)
            one, other = (
                sync.connect(connection=connection, identity=identity, signer=signer) for _ in range(2)
            )
            assert threading.active_count() <= before + 1
            one.close()
            assert other.network("channel1").contract("basic").evaluate_transaction("Read") == b"result"
            assert (one.closed, other.closed, connection.closed) == (True, False, False)
        assert (other.closed, connection.closed) == (True, True)
        connection.close()
        with pytest.raises(ClosedError):
            other.network("channel1").contract("basic").evaluate_transaction("Read")
        with pytest.raises(ClosedError):
            sync.connect(connection=connection, identity=identity, signer=signer)

    async with nothing_leaks():
        await elsewhere(use)


async def test_closing_ends_the_calls_of_other_threads(
    dial: Callable[[], sync.Gateway], fake: FakeGateway
) -> None:
    reached = asyncio.Event()

    async def hang(_context: Context) -> None:
        reached.set()
        await asyncio.Event().wait()

    fake.on_submit = hang
    async with nothing_leaks():
        gateway = await elsewhere(dial)
        contract = gateway.network("channel1").contract("basic")
        call = asyncio.create_task(elsewhere(lambda: contract.submit_transaction("Create")))
        await reached.wait()
        await elsewhere(gateway.close)
        with pytest.raises(SubmitError, match="was closed during submit") as raised:
            await call
        assert raised.value.outcome_unknown


def event(name: str, block: int) -> gateway_pb2.ChaincodeEventsResponse:
    return gateway_pb2.ChaincodeEventsResponse(
        block_number=block,
        events=[chaincode_event_pb2.ChaincodeEvent(chaincode_id="basic", tx_id=f"{block}", event_name=name)],
    )


async def test_events(dial: Callable[[], sync.Gateway], fake: FakeGateway) -> None:
    fake.streams.put_nowait([event("one", 5), event("two", 6)])
    fake.streams.put_nowait([event("three", 7)])

    def use() -> list[str]:
        with dial() as gateway:
            network = gateway.network("channel1")
            names = []
            with network.chaincode_events("basic", start_block=5) as events:
                assert events.position == Checkpoint(5)
                assert iter(events) is events
                for found in events:
                    names.append(found.event_name)
                    if len(names) == 3:
                        break
                assert events.position == Checkpoint(7, "7")
            with pytest.raises(StopIteration):
                next(events)
            return names

    async with nothing_leaks():
        assert await elsewhere(use) == ["one", "two", "three"]


async def test_closing_events_ends_a_wait_for_the_next(
    dial: Callable[[], sync.Gateway], fake: FakeGateway
) -> None:
    async with nothing_leaks():
        gateway = await elsewhere(dial)
        events = gateway.network("channel1").chaincode_events("basic", start_block=5)
        waiting = asyncio.create_task(elsewhere(lambda: list(events)))
        await fake.reached.wait()
        await elsewhere(events.close)
        assert await waiting == []
        await elsewhere(gateway.close)


KINDS = ["chaincode", "block", "filtered_block", "block_and_private_data"]


@pytest.mark.parametrize("kind", KINDS)
async def test_event_requests_go_to_a_signer_and_back(kind: str, dial: Callable[[], sync.Gateway]) -> None:
    def use() -> None:
        with dial() as gateway:
            network = gateway.network("channel1")
            arguments = ["basic"] if kind == "chaincode" else []
            request = getattr(network, f"new_{kind}_events_request")(*arguments, start_block=3)
            again = getattr(gateway, f"new_{kind}_events_request")(request.bytes)
            assert (again.digest, again.bytes) == (request.digest, request.bytes)
            signed = getattr(gateway, f"new_signed_{kind}_events_request")(request.bytes, b"signature")
            assert b"signature" in signed.bytes
            events = signed.events()
            followed = getattr(network, f"{kind}_events")(*arguments, start_block=3)
            assert type(events) is type(followed)
            events.close()
            followed.close()

    async with nothing_leaks():
        await elsewhere(use)


async def test_ledger_queries(dial: Callable[[], sync.Gateway], fake: FakeGateway) -> None:
    fake.result = b"\xff"

    def use() -> None:
        with dial() as gateway:
            network = gateway.network("channel1")
            for ask in (
                lambda: network.chain_info(target_organizations=["Org1MSP"]),
                lambda: network.block_by_number(3),
                lambda: network.block_by_transaction_id("ab" * 32),
            ):
                with pytest.raises(fabric_gateway.FabricGatewayError):
                    ask()

    await elsewhere(use)
    assert len(fake.evaluated) == 3


def test_a_refused_connect_leaves_no_thread(identity: Identity) -> None:
    before = threading.active_count()
    with pytest.raises(ConnectionOptionsError):
        sync.connect(address="peer0.example:7051", identity=identity)
    with pytest.raises(ConnectionOptionsError):
        sync.Connection("peer0.example:7051")
    with pytest.raises(IdentityError):
        sync.connect(
            address="127.0.0.1:1", identity=identity, signer=signers.ecdsa(self_signed("other").key_pem)
        )
    assert threading.active_count() <= before


def test_a_call_on_the_loops_own_thread_is_refused() -> None:
    loop = Loop()

    async def outer() -> None:
        loop.run(asyncio.sleep(0))

    with pytest.raises(SyncError, match="use fabric_gateway there"):
        loop.run(outer())
    loop.close()
    loop.close()


def test_work_that_does_not_end_is_cut_at_the_close() -> None:
    loop = Loop()
    began = threading.Event()

    async def endless() -> None:
        began.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(loop.run, endless())
        began.wait()
        loop.close()
        with pytest.raises(ClosedError, match="while this call waited"):
            waiting.result()


def test_errors_of_a_peer_that_is_down_arrive(identity: Identity, credentials: Credentials) -> None:
    with (
        sync.connect(
            address="127.0.0.1:9", identity=identity, signer=signers.ecdsa(credentials.key_pem)
        ) as gateway,
        pytest.raises(EvaluateError, match="nothing listens there"),
    ):
        gateway.network("channel1").contract("basic").evaluate_transaction("Read")


class Interrupted(BaseException):
    """What a signal handler raises."""


def test_what_a_signal_raises_cancels_the_call() -> None:
    loop = Loop()
    began = threading.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            cancelled.add_note("the outcome is unknown")
            raise

    def interrupt(*_: object) -> None:
        raise Interrupted

    def send() -> None:
        began.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ThreadPoolExecutor(1) as threads, pytest.raises(Interrupted) as raised:
            threads.submit(send)
            loop.run(endless())
    finally:
        signal.signal(signal.SIGUSR1, before)
        loop.close()
    assert raised.value.__notes__ == ["the outcome is unknown"]


INTERRUPTED = """
    import asyncio, threading
    from fabric_gateway.sync._loop import Loop

    async def endless():
        print("waiting", flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            cancelled.add_note("the outcome is unknown")
            print("cancelled", flush=True)
            raise

    loop = Loop()
    try:
        loop.run(endless())
    except KeyboardInterrupt as interruption:
        print(interruption.__notes__, flush=True)
    loop.close()
    print(threading.active_count(), flush=True)
"""
FORGOTTEN = """
    from fabric_gateway.sync import Connection

    connection = Connection("127.0.0.1:1")
    print("end", flush=True)
"""


def program(text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def test_an_interrupt_cancels_the_call_and_then_goes_on() -> None:
    process = program(INTERRUPTED)
    assert process.stdout
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out.splitlines() == ["cancelled", "['the outcome is unknown']", "1"], err
    assert process.returncode == 0


def test_a_gateway_that_nobody_closed_does_not_keep_the_program() -> None:
    process = program(FORGOTTEN)
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("end\n", "", 0)


async def test_a_dropped_gateway_takes_its_thread_along(dial: Callable[[], sync.Gateway]) -> None:
    def use() -> None:
        before = threading.active_count()
        with pytest.warns(ResourceWarning, match="not closed"):
            assert dial().network("channel1").contract("basic").evaluate_transaction("Read") == b"result"
            gc.collect()
        ends = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < ends:
            time.sleep(0.01)
        assert threading.active_count() == before

    await elsewhere(use)


async def test_events_may_be_closed_after_their_gateway(dial: Callable[[], sync.Gateway]) -> None:
    def use() -> None:
        with dial() as gateway:
            events = gateway.network("channel1").block_events(start_block=0)
        events.close()

    await elsewhere(use)


def test_a_signals_handler_may_call_while_a_call_is_handed_over(
    identity: Identity, credentials: Credentials
) -> None:
    """It runs in the thread that holds the lock."""
    with (
        sync.connect(
            address="127.0.0.1:1", identity=identity, signer=signers.ecdsa(credentials.key_pem)
        ) as gateway,
        gateway._loop._submitting,
        pytest.raises(EvaluateError),
    ):
        gateway.network("channel1").contract("basic").evaluate("Read", timeout=5)
