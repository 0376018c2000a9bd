"""What the stub itself refuses, and the defaults of a chaincode."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime

import pytest
from fabric_shim import Chaincode, ChaincodeStub, Invocation
from fabric_shim.chaincode import execute
from fabric_shim.errors import KeyFormatError, ShimError
from fabric_shim.testing.simulation import SimulatedLedger
from fabric_shim.testing.state import CommittedState


@pytest.fixture
def stub() -> ChaincodeStub:
    invocation = Invocation("tx", "ch", (b"f",), b"", datetime(2026, 1, 1, tzinfo=UTC), {}, b"")
    return ChaincodeStub(invocation, SimulatedLedger("tx", CommittedState(), frozenset()))


@pytest.mark.parametrize(
    "call",
    [
        lambda stub: stub.get_state(""),
        lambda stub: stub.put_state("", b"v"),
        lambda stub: stub.del_state("\ud800"),
        lambda stub: stub.get_private_data("", "k"),
        lambda stub: stub.get_private_data_hash("", "k"),
        lambda stub: stub.put_private_data("", "k", b"v"),
        lambda stub: stub.del_private_data("c", ""),
        lambda stub: stub.purge_private_data("", "k"),
        lambda stub: stub.get_state_by_range_with_pagination("\x00", "", 1),
    ],
)
async def test_keys_that_no_ledger_can_hold(
    stub: ChaincodeStub, call: Callable[[ChaincodeStub], Coroutine[object, object, object]]
) -> None:
    with pytest.raises(KeyFormatError):
        await call(stub)


async def test_queries_are_checked_when_they_are_made(stub: ChaincodeStub) -> None:
    with pytest.raises(KeyFormatError):
        stub.get_state_by_range("\x00", "")
    with pytest.raises(KeyFormatError):
        stub.get_private_data_by_range("", "", "")
    with pytest.raises(KeyFormatError):
        stub.get_private_data_by_partial_composite_key("", "t", [])
    with pytest.raises(KeyFormatError):
        stub.get_history_for_key("")
    with pytest.raises(ShimError, match="page size"):
        await stub.get_state_by_range_with_pagination("", "", 0)


def test_events_need_a_name(stub: ChaincodeStub) -> None:
    with pytest.raises(ShimError, match="name"):
        stub.set_event("")
    assert stub.event is None


async def test_defaults_of_a_chaincode(stub: ChaincodeStub) -> None:
    assert (await execute(Chaincode(), stub, init=True)).response.status == 200
    outcome = await execute(Chaincode(), stub)
    assert outcome.response.message == "internal error"
    assert isinstance(outcome.masked, NotImplementedError)
