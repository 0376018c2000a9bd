"""The blocking stub has every method of the stub, with the same parameters, and passes each call on."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from unittest.mock import create_autospec

import pytest
from fabric_shim import ChaincodeStub, Invocation
from fabric_shim._internal.steps import run_to_end
from fabric_shim.blocking import BlockingIterator, BlockingStub
from fabric_shim.proposal import ProposalView

# The runtime's own.
NOT_FOR_CONTRACTS = {"flush"}
NAMES = [name for name in vars(ChaincodeStub) if not name.startswith("_") and name not in NOT_FOR_CONTRACTS]


def _shape(function: object) -> list[tuple[str, object, object]]:
    assert callable(function)
    parameters = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default) for each in parameters]


@pytest.mark.parametrize("name", NAMES)
def test_every_method_is_there_and_passes_its_call_on(name: str) -> None:
    original, ours = getattr(ChaincodeStub, name), getattr(BlockingStub, name)
    stub = create_autospec(ChaincodeStub, instance=True)
    stub._invocation = create_autospec(Invocation, instance=True)
    blocking = BlockingStub(stub, run_to_end)
    if not callable(original):
        assert getattr(blocking, name) is getattr(stub, name)
        return
    assert _shape(ours) == _shape(original)
    if isinstance(inspect.getattr_static(ChaincodeStub, name), staticmethod):
        assert ours is original
        return
    arguments = [f"argument {number}" for number in range(len(_shape(original)) - 1)]
    result = getattr(blocking, name)(*arguments)
    getattr(stub, name).assert_called_once_with(*arguments)
    assert not isinstance(result, Coroutine)
    if "Iterator[" in str(inspect.signature(original).return_annotation):
        assert isinstance(result, BlockingIterator)


def test_it_has_nothing_more() -> None:
    assert {name for name in vars(BlockingStub) if not name.startswith("_")} == set(NAMES)


def test_the_proposal_is_read_by_the_same_code() -> None:
    assert issubclass(ChaincodeStub, ProposalView)
    assert issubclass(BlockingStub, ProposalView)
