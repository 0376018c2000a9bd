"""The stub against a ledger that writes down what it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from fabric_shim import Chaincode, ChaincodeStub, Invocation, KeyModification
from fabric_shim.chaincode import execute
from fabric_shim.errors import ConfigurationError, KeyFormatError, LedgerError, ShimError
from fabric_shim.ledger import KV, Batch, CallResult, PageRequest, Write, WriteKind

C = "_implicit_org_AMSP"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Recorder:
    """A ledger without content."""

    def __init__(self, write_batch_size: int = 100) -> None:
        self.write_batch_size = write_batch_size
        self.asked: list[object] = []
        self.writes: list[list[Write]] = []
        self.refuses = False

    def _ask(self, *asked: object) -> None:
        self.asked.append(asked)
        if self.refuses:
            raise LedgerError("refused", tx_id="tx")

    async def get_state(self, collection: str, key: str) -> bytes:
        self._ask("get", collection, key)
        return b""

    async def get_states(self, collection: str, keys: Sequence[str]) -> Sequence[bytes]:
        self._ask("get many", collection, tuple(keys))
        return [b"" if key == "none" else key.encode() for key in keys]

    async def get_private_data_hash(self, collection: str, key: str) -> bytes:
        self._ask("hash", collection, key)
        return b""

    async def get_validation_parameter(self, collection: str, key: str) -> bytes:
        self._ask("policy", collection, key)
        return b""

    async def write(self, writes: Sequence[Write]) -> None:
        self._ask("write", len(writes))
        self.writes.append(list(writes))

    async def get_state_by_range(
        self, collection: str, start_key: str, end_key: str, page: PageRequest | None
    ) -> Batch[KV]:
        self._ask("range", collection, start_key, end_key, page)
        return Batch(())

    async def get_query_result(self, collection: str, query: str, page: PageRequest | None) -> Batch[KV]:
        self._ask("query", collection, query, page)
        return Batch(())

    async def get_history_for_key(self, key: str) -> Batch[KeyModification]:
        self._ask("history", key)
        return Batch(())

    async def next_states(self, query_id: str) -> Batch[KV]:
        raise AssertionError(query_id)

    async def next_modifications(self, query_id: str) -> Batch[KeyModification]:
        raise AssertionError(query_id)

    async def close_query(self, query_id: str) -> None:
        raise AssertionError(query_id)

    async def invoke_chaincode(self, name: str, channel: str, args: Sequence[bytes]) -> CallResult:
        self._ask("call", name, channel, tuple(args))
        return CallResult(200, "", b"")


@pytest.fixture
def ledger() -> Recorder:
    return Recorder()


def stub_on(ledger: Recorder, **fields: object) -> ChaincodeStub:
    invocation = Invocation("tx", "ch", (b"f", b"x"), b"", NOW, {}, b"", **fields)  # type: ignore[arg-type]
    return ChaincodeStub(invocation, ledger)


@pytest.fixture
def stub(ledger: Recorder) -> ChaincodeStub:
    return stub_on(ledger)


async def consumed(found: object) -> None:
    async for _ in found:  # type: ignore[attr-defined]
        pass


@pytest.mark.parametrize(
    "call",
    [
        lambda stub: stub.get_state(""),
        lambda stub: stub.get_multiple_states("k", ""),
        lambda stub: stub.put_state("", b"v"),
        lambda stub: stub.del_state("\ud800"),
        lambda stub: stub.get_state_validation_parameter(""),
        lambda stub: stub.set_state_validation_parameter("", b"p"),
        lambda stub: stub.get_private_data("", "k"),
        lambda stub: stub.get_multiple_private_data("", "k"),
        lambda stub: stub.get_multiple_private_data("c", "\udfff"),
        lambda stub: stub.get_private_data_hash("", "k"),
        lambda stub: stub.get_private_data("\ud800", "k"),
        lambda stub: stub.put_private_data("", "k", b"v"),
        lambda stub: stub.del_private_data("c", ""),
        lambda stub: stub.purge_private_data("", "k"),
        lambda stub: stub.get_private_data_validation_parameter("", "k"),
        lambda stub: stub.set_private_data_validation_parameter("", "k", b"p"),
        lambda stub: stub.get_state_by_range_with_pagination("\x00", "", 1),
    ],
)
async def test_keys_that_no_ledger_can_hold(
    ledger: Recorder, stub: ChaincodeStub, call: Callable[[ChaincodeStub], Awaitable[object]]
) -> None:
    with pytest.raises(KeyFormatError):
        await call(stub)
    await stub.flush()
    assert ledger.asked == []


async def test_queries_are_checked_when_they_are_made(ledger: Recorder, stub: ChaincodeStub) -> None:
    with pytest.raises(KeyFormatError):
        stub.get_state_by_range("\x00", "")
    with pytest.raises(KeyFormatError):
        stub.get_private_data_by_range("", "", "")
    with pytest.raises(KeyFormatError):
        stub.get_private_data_by_partial_composite_key("", "t", [])
    with pytest.raises(KeyFormatError):
        stub.get_private_data_query_result("", "{}")
    with pytest.raises(KeyFormatError):
        stub.get_history_for_key("")
    for size in (0, -1, 2**31):
        with pytest.raises(ShimError, match="page size"):
            await stub.get_state_by_range_with_pagination("", "", size)
        with pytest.raises(ShimError, match="page size"):
            await stub.get_query_result_with_pagination("{}", size)
    assert ledger.asked == []


@pytest.mark.parametrize(
    ("use", "asked"),
    [
        (lambda s: s.get_state("k"), ("get", "", "k")),
        (lambda s: s.get_multiple_states("k", "l"), ("get many", "", ("k", "l"))),
        (lambda s: s.get_private_data(C, "k"), ("get", C, "k")),
        (lambda s: s.get_multiple_private_data(C, "k"), ("get many", C, ("k",))),
        (lambda s: s.get_private_data_hash(C, "k"), ("hash", C, "k")),
        (lambda s: s.get_state_validation_parameter("k"), ("policy", "", "k")),
        (lambda s: s.get_private_data_validation_parameter(C, "k"), ("policy", C, "k")),
        (lambda s: consumed(s.get_state_by_range("", "")), ("range", "", "\x01", "", None)),
        (
            lambda s: s.get_all_states_composite_key_with_pagination(5, "b"),
            ("range", "", "\x00", "\x00\U0010ffff", PageRequest(5, "b")),
        ),
        (lambda s: consumed(s.get_query_result("{}")), ("query", "", "{}", None)),
        (lambda s: s.get_query_result_with_pagination("{}", 2), ("query", "", "{}", PageRequest(2))),
        (lambda s: consumed(s.get_private_data_query_result(C, "{}")), ("query", C, "{}", None)),
        (lambda s: consumed(s.get_history_for_key("k")), ("history", "k")),
        (
            lambda s: s.invoke_chaincode("cc", ["f", b"\xff"], "ch2"),
            ("call", "cc", "ch2", (b"f", b"\xff")),
        ),
    ],
)
async def test_what_reads_ask(
    ledger: Recorder,
    stub: ChaincodeStub,
    use: Callable[[ChaincodeStub], Awaitable[object]],
    asked: tuple[object, ...],
) -> None:
    await use(stub)
    assert ledger.asked == [asked]


async def test_missing_is_none(stub: ChaincodeStub) -> None:
    assert await stub.get_state("k") is None
    assert await stub.get_private_data(C, "k") is None
    assert await stub.get_private_data_hash(C, "k") is None
    assert await stub.get_state_validation_parameter("k") is None
    assert await stub.get_private_data_validation_parameter(C, "k") is None
    assert await stub.get_multiple_states("a", "none", "a") == [b"a", None, b"a"]
    assert await stub.get_multiple_states() == []
    assert await stub.get_multiple_private_data(C) == []


async def test_writes_are_held_back_in_order(ledger: Recorder, stub: ChaincodeStub) -> None:
    await stub.put_state("k", b"1")
    await stub.del_state("k")
    await stub.set_state_validation_parameter("k", b"policy")
    await stub.put_private_data(C, "k", b"2")
    await stub.del_private_data(C, "k")
    await stub.purge_private_data(C, "k")
    await stub.set_private_data_validation_parameter(C, "k", b"p")
    await consumed(stub.get_state_by_range("", ""))
    assert ledger.writes == []
    await stub.flush()
    assert ledger.writes == [
        [
            Write(WriteKind.PUT, "", "k", b"1"),
            Write(WriteKind.DELETE, "", "k"),
            Write(WriteKind.VALIDATION_PARAMETER, "", "k", b"policy"),
            Write(WriteKind.PUT, C, "k", b"2"),
            Write(WriteKind.DELETE, C, "k"),
            Write(WriteKind.PURGE, C, "k"),
            Write(WriteKind.VALIDATION_PARAMETER, C, "k", b"p"),
        ]
    ]
    await stub.flush()
    assert len(ledger.writes) == 1


@pytest.mark.parametrize(("size", "flushes"), [(100, [100, 100, 50]), (1000, [250]), (1, [250])])
async def test_a_full_buffer_goes_at_once(size: int, flushes: list[int]) -> None:
    ledger = Recorder(size)
    stub = stub_on(ledger)
    for number in range(250):
        await stub.put_state(f"k{number}", b"v")
    await stub.flush()
    assert [len(writes) for writes in ledger.writes] == flushes


async def test_a_peer_without_batches_gets_a_thousand_writes_at_a_time() -> None:
    ledger = Recorder(1)
    stub = stub_on(ledger)
    for number in range(1001):
        await stub.put_state(f"k{number}", b"v")
    assert [len(writes) for writes in ledger.writes] == [1000]


async def test_a_held_batch_waits(ledger: Recorder, stub: ChaincodeStub) -> None:
    stub.start_write_batch()
    stub.start_write_batch()
    for number in range(250):
        await stub.put_state(f"k{number}", b"v")
    await consumed(stub.get_private_data_by_range(C, "", ""))
    await stub.invoke_chaincode("cc", [])
    assert ledger.writes == []
    await stub.finish_write_batch()
    assert [len(writes) for writes in ledger.writes] == [250]
    await stub.put_state("k", b"v")
    await stub.invoke_chaincode("cc", [])
    assert [len(writes) for writes in ledger.writes] == [250, 1]


async def test_a_refused_write_stays_refused(ledger: Recorder, stub: ChaincodeStub) -> None:
    await stub.put_state("k", b"v")
    ledger.refuses = True
    with pytest.raises(LedgerError, match="refused"):
        await stub.finish_write_batch()
    ledger.refuses = False
    await stub.put_state("l", b"v")
    for again in (stub.flush, stub.finish_write_batch, lambda: stub.invoke_chaincode("cc", [])):
        with pytest.raises(LedgerError, match="refused"):
            await again()
    assert ledger.writes == []


@pytest.mark.parametrize("value", ["text", bytearray(b"v"), None, 1])
async def test_values_are_bytes(ledger: Recorder, stub: ChaincodeStub, value: object) -> None:
    with pytest.raises(TypeError, match=f"not {type(value).__name__}"):
        await stub.put_state("k", value)  # type: ignore[arg-type]
    await stub.flush()
    assert ledger.asked == []


async def test_a_call_that_the_peer_refuses(ledger: Recorder, stub: ChaincodeStub) -> None:
    ledger.refuses = True
    assert await stub.invoke_chaincode("cc", ["f"]) == CallResult(500, "", b"refused")


def test_the_proposal(stub: ChaincodeStub) -> None:
    assert stub.get_args_slice() == b"fx"
    assert stub.get_function_and_parameters() == ("f", ["x"])
    assert dict(stub.get_decorations()) == {}
    assert stub.get_signed_proposal() is None


def test_the_peers_organisation(ledger: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CORE_PEER_LOCALMSPID", raising=False)
    with pytest.raises(ConfigurationError, match="CORE_PEER_LOCALMSPID"):
        stub_on(ledger).get_mspid()
    monkeypatch.setenv("CORE_PEER_LOCALMSPID", "AMSP")
    assert stub_on(ledger).get_mspid() == "AMSP"
    assert stub_on(ledger, peer_msp_id="BMSP").get_mspid() == "BMSP"


def test_events_need_a_name(stub: ChaincodeStub) -> None:
    with pytest.raises(ShimError, match="name"):
        stub.set_event("")
    assert stub.event is None


async def test_defaults_of_a_chaincode(stub: ChaincodeStub) -> None:
    assert (await execute(Chaincode(), stub, init=True)).response.status == 200
    outcome = await execute(Chaincode(), stub)
    assert outcome.response.message == "internal error"
    assert isinstance(outcome.masked, NotImplementedError)
