"""What is given by mistake is refused before anything is sent, in a sentence that does not repeat it."""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import fabric_gateway
import fabric_gateway.sync
import pytest
from fabric_gateway import (
    ArgumentError,
    Checkpoint,
    ConnectionOptionsError,
    EvaluateError,
    EventsError,
    FabricGatewayError,
    Gateway,
    Identity,
    IdentityError,
    InMemoryCheckpointer,
    Network,
    SignableError,
    StatusCode,
    Timeouts,
    connect,
)

from tests.unit.fabric_gateway.fake_gateway import FakeGateway


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arguments": "SECRET"}, "arguments are one str"),
        ({"arguments": b"SECRET"}, "arguments are one bytes"),
        ({"arguments": None}, "arguments are of type NoneType"),
        ({"arguments": ["a", 1]}, "argument 1 is of type int"),
        ({"arguments": [bytearray(b"SECRET")]}, "argument 0 is of type bytearray"),
        ({"arguments": ["SECRET\ud800"]}, "argument 0 holds half of a surrogate pair"),
        ({"endorsing_organizations": "Org1MSP"}, "organisations are one str"),
        ({"endorsing_organizations": [1]}, "MSP ID is of type int"),
        ({"endorsing_organizations": None}, "organisations are of type NoneType"),
        ({"transient": {"k": "SECRET"}}, "transient value is of type str"),
        ({"transient": {1: b"SECRET"}}, "key of transient is of type int"),
        ({"transient": [("k", b"SECRET")]}, "transient is of type list"),
        ({"timeout": math.nan}, "timeout is no number"),
        ({"timeout": "5"}, "timeout is no number"),
    ],
)
async def test_a_call(options: dict[str, Any], words: str, network: Network, fake: FakeGateway) -> None:
    contract = network.contract("basic")
    with pytest.raises(ArgumentError, match=words) as raised:
        await contract.evaluate("Read", **options)
    assert "SECRET" not in str(raised.value)
    if "timeout" not in options:
        with pytest.raises(ArgumentError, match=words):
            await contract.submit("Create", **options)
    assert (fake.evaluated, fake.endorsed) == ([], [])


@pytest.mark.parametrize("name", [None, 5, b"name", "\ud800"])
async def test_names(name: Any, gateway: Gateway, network: Network) -> None:
    mistakes: list[Callable[[], object]] = [
        lambda: gateway.network(name),
        lambda: network.contract(name),
        lambda: network.commit(name),
        lambda: network.contract("basic").new_proposal(name),
    ]
    if name is not None:
        mistakes.append(lambda: network.contract("basic", name))
    for mistake in mistakes:
        with pytest.raises(ArgumentError, match=r"give a str|surrogate"):
            mistake()


async def test_organisations_of_a_ledger_query(network: Network, fake: FakeGateway) -> None:
    with pytest.raises(ArgumentError, match="one str"):
        await network.chain_info(target_organizations="Org1MSP")
    assert fake.evaluated == []


@pytest.mark.parametrize("seconds", [math.nan, "5", {}])
def test_time_limits(seconds: Any) -> None:
    with pytest.raises(ArgumentError, match="no number"):
        Timeouts(commit_status=seconds)


async def test_a_limit_that_leaves_no_time_blames_nobody(network: Network) -> None:
    with pytest.raises(EvaluateError, match="leaves no time at all") as raised:
        await network.contract("basic").evaluate("Read", timeout=-1)
    assert raised.value.code is StatusCode.DEADLINE_EXCEEDED


async def test_places_of_events(network: Network) -> None:
    given: Any
    for given in ("5", True, 1.5):
        with pytest.raises(EventsError, match="is not a block number"):
            network.chaincode_events("basic", start_block=given)
        with pytest.raises(EventsError, match="is not a block number"):
            network.block_events(checkpoint=Checkpoint(given))
    given = 5
    with pytest.raises(ArgumentError, match="Checkpoint or a checkpointer"):
        network.block_events(checkpoint=given)
    given = InMemoryCheckpointer()
    with pytest.raises(ArgumentError, match="give a Checkpoint"):
        network.new_block_events_request(checkpoint=given)
    given = InMemoryCheckpointer(given)
    with pytest.raises(ArgumentError, match="give a Checkpoint"):
        await anext(network.block_events(checkpoint=given))


async def test_what_signers_give(address: str, identity: Identity) -> None:
    async def text(_digest: bytes) -> Any:
        return "SECRET"

    def ordinary(_digest: bytes) -> Any:
        return b"SECRET"

    for signer, words in ((text, "of type str"), (ordinary, "an ordinary function")):
        async with await connect(address=address, identity=identity, signer=signer) as gateway:
            with pytest.raises(SignableError, match=words) as raised:
                await gateway.network("channel1").contract("basic").evaluate_transaction("Read")
            assert "SECRET" not in str(raised.value)


async def test_signables_that_are_no_bytes(gateway: Gateway, network: Network) -> None:
    proposal = network.contract("basic").new_proposal("Read")
    given: Any = "text"
    with pytest.raises(SignableError, match="of type str"):
        gateway.new_proposal(given)
    with pytest.raises(SignableError, match="of type str"):
        gateway.new_block_events_request(given)
    with pytest.raises(SignableError, match="of type str"):
        gateway.new_signed_proposal(proposal.bytes, given)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"hash": "sha256"}, ArgumentError),
        ({"signer": b"SECRET"}, ArgumentError),
        ({"timeouts": {"evaluate": 5}}, ArgumentError),
        ({"client_certificate_pem": b"", "client_key_pem": b""}, ConnectionOptionsError),
        ({"address": "127.0.0.1:99999"}, ConnectionOptionsError),
        ({"address": "127.0.0.1:7051 "}, ConnectionOptionsError),
        ({"address": "127.0.0.1:7051\n"}, ConnectionOptionsError),
        ({"address": 7051}, ConnectionOptionsError),
    ],
)
async def test_connect(options: dict[str, Any], error: type[FabricGatewayError], identity: Identity) -> None:
    given: dict[str, Any] = {"address": "127.0.0.1:7051", "identity": identity, **options}
    with pytest.raises(error) as raised:
        await connect(**given)
    assert "SECRET" not in str(raised.value)


def test_connect_without_asyncio(identity: Identity) -> None:
    signer: Any = b"SECRET"
    before = threading.active_count()
    with pytest.raises(ArgumentError, match="signer is of type bytes"):
        fabric_gateway.sync.connect(address="127.0.0.1:7051", identity=identity, signer=signer)
    assert threading.active_count() == before


async def test_an_address_with_a_scheme(identity: Identity) -> None:
    with pytest.raises(ConnectionOptionsError, match="give host:port alone"):
        await connect(
            address="grpcs://127.0.0.1:7051", identity=identity, tls_root_pem=identity.certificate_pem
        )


async def test_nobodys_identity(identity: Identity) -> None:
    with pytest.raises(IdentityError, match="no MSP ID"):
        await connect(address="127.0.0.1:7051", identity=Identity("", identity.certificate_pem))


async def test_what_has_no_tls_is_not_given_to_a_proxy(
    network: Network, fake: FakeGateway, monkeypatch: pytest.MonkeyPatch, identity: Identity, address: str
) -> None:
    """gRPC heeds ``http_proxy`` for this machine's own addresses too."""
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        proxy.settimeout(0)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_proxy", "no_grpc_proxy"):
            monkeypatch.delenv(name, raising=False)
        port = address.rpartition(":")[2]
        signer = network._session.signer
        async with await connect(address=f"localhost:{port}", identity=identity, signer=signer) as gateway:
            contract = gateway.network("channel1").contract("basic")
            assert await contract.evaluate("Read", timeout=5) == b"result"
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert fake.evaluated


def test_a_gateway_of_another_process_refuses_calls(identity: Identity) -> None:
    """Its thread is not there: a call would wait for ever."""
    gateway = fabric_gateway.sync.connect(address="127.0.0.1:1", identity=identity)
    commit = gateway.network("channel1").commit("ab" * 32)
    gateway._loop._process = os.getpid() + 1
    try:
        with pytest.raises(fabric_gateway.ClosedError, match="before the process forked"):
            commit.status()
        gateway.close()
    finally:
        gateway._loop._process = os.getpid()
        gateway.close()
